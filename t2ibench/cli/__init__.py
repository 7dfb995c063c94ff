"""The command line. Commands are imported when they are asked for, so that `t2ibench --help` costs nothing."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.reading.file_names import is_utf8, shown
from t2ibench.core.version import VERSION

COMMANDS: Final[Mapping[str, str]] = {
    "quickstart": "Draw birds, train two GANs, evaluate them and print the leaderboard: about ten minutes, no GPU.",
    "train": "Train a model (and first whatever it needs).",
    "sample": "Make images of a sentence with a trained model.",
    "import": "Make models of files of the official code, or take over results of another workspace.",
    "export": "Write results, data sets and submissions in forms that others read.",
    "verify": "Say whether official weights give here what was printed of them.",
    "eval": "Measure models under one protocol.",
    "bench": "Train, measure and report whatever a suite lists.",
    "plan": "Say how many training seeds or captions a claim needs, from the spread seen so far.",
    "compare": "Say whether one model is better than another, paired by caption.",
    "validity": "Corrupt real images step by step and say which metrics notice.",
    "probe": "Change one thing of a caption, keep the noise, and see what changes in the image.",
    "statistics": "Write the mean and covariance of images' features, for FID here and elsewhere.",
    "report": "Render a report from the results.",
    "board": "Check submissions of others and make a public leaderboard of them.",
    "serve": "Show the reports in a browser, up to date as results come in.",
    "demo": "Draw sentences with several models side by side, on a page (needs the extra demo).",
    "list": "Show what is registered and where it comes from.",
    "data": "Make, prepare, check and show data sets.",
    "doctor": "Say what is installed, which weights and data are here, and what would run.",
}

FOLDERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("bench", "plan", "validity", "probe"), "studies."),
    **dict.fromkeys(("report", "board", "serve"), "reports."),
}
"""The commands that live in a folder of their kind."""


class LazyGroup(click.Group):
    """A group whose commands live in `t2ibench.cli`, a file each, as `command`, imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a user's work."""
        return [*COMMANDS]  # the module `list` of this package hides the built-in name once it is loaded

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, or raise UserError with near names."""
        require_known("command", COMMANDS, cmd_name, hint="`t2ibench --help` shows them all.")
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command = import_module(f"t2ibench.cli.{FOLDERS.get(cmd_name, '')}{module}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="t2ibench")
def group() -> None:
    """Train, sample, evaluate and report text-to-image GANs under one protocol.

    Everything is written to ./workspace (or --workspace, or $T2IBENCH_WORKSPACE). Asking again resumes what was stopped
    and recomputes nothing that is known.
    """


def main() -> None:
    """Run the command line; a user's mistake ends in one sentence on stderr and a non-zero status."""
    odd = [argument for argument in sys.argv[1:] if not is_utf8(argument)]
    if odd:
        print(f"Error: the argument '{shown(odd[0])}' is not UTF-8. Type it anew, or rename the file.", file=sys.stderr)
        sys.exit(UserError.exit_code)
    try:
        status = group.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("Stopped. Ask again to go on from where it was.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        print(f"Error: {error.filename or 'a file'}: {error.strerror or error}.", file=sys.stderr)
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)
