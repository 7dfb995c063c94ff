"""`t2ibench doctor`: what is here, what is missing, where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from t2ibench.cli.options import config_option, json_option, weights_option, workspace_option
from t2ibench.cli.printing import print_json
from t2ibench.core.spec.benchmarks import LoadedBenchmarks
from t2ibench.core.workspace import Workspace

_MARKS: Final = {"ok": ("ok", "green"), "missing": ("--", "yellow"), "note": ("!", "yellow"), "broken": ("XX", "red")}


@click.command("doctor")
@weights_option
@json_option
@config_option
@workspace_option
def command(weights_dir: Path | None, as_json: bool, benchmarks: LoadedBenchmarks, workspace: Workspace) -> None:
    """Say what is installed, which weights, data sets and models are here, and what would run.

    Nothing is fetched or written. Leaves with status 1 if something must be repaired; optional things may be missing.
    """
    from t2ibench.doctor.doctor import diagnose

    found = diagnose(benchmarks, workspace, weights_dir=weights_dir)
    if as_json:
        print_json(found.as_json())
    else:
        for title, findings in found.sections.items():
            click.secho(title, bold=True)
            for one in findings:
                mark, colour = _MARKS[one.state]
                click.echo(f"  {click.style(f'{mark:<2}', fg=colour)}  {one.name}: {one.text}")
        click.echo("ok here, -- missing and not needed by everything, ! look at it, XX must be repaired")
    raise SystemExit(1 if found.broken else 0)
