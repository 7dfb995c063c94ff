"""`t2ibench sample`: pictures of a sentence."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import config_option, device_option, seed_option, workspace_option
from t2ibench.spec import LoadedBenchmarks
from t2ibench.workspace import Workspace


@click.command("sample")
@click.argument("model", metavar="MODEL[:VARIANT]")
@click.argument("captions", nargs=-1, required=True, metavar="CAPTION...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("sample.png"),
    show_default=True,
    help="The PNG to write.",
)
@click.option("--attention", is_flag=True, help="Show every stage, and for every word where the model looked.")
@click.option(
    "--samples",
    type=click.IntRange(1, 64),
    default=None,
    help="Pictures a caption.  [default: 4, or 1 with --attention]",
)
@click.option("--data", "dataset", default=None, help="Only a model that learned from this data set.")
@seed_option
@device_option
@config_option
@workspace_option
def command(
    model: str,
    captions: tuple[str, ...],
    output: Path,
    attention: bool,
    samples: int | None,
    dataset: str | None,
    seed: int | None,
    device: str,
    benchmarks: LoadedBenchmarks,
    workspace: Workspace,
) -> None:
    """Draw pictures of each CAPTION with the newest trained MODEL.

    MODEL is a name, "name:variant", "name@digest", or the path of a model folder. Prints the file written.
    """
    from t2ibench.files import write_bytes
    from t2ibench.workflow.models import require_model
    from t2ibench.workflow.sample import check_output, draw_sheet, user_captions

    user_captions(captions)
    check_output(output)
    folder = require_model(workspace, model, benchmarks.content, dataset)
    click.echo(f"{folder.label} of {folder.steps} steps on {folder.dataset}, {folder.path}", err=True)
    count = samples or (1 if attention else 4)
    png = draw_sheet(folder, captions, samples=count, seed=seed or 0, attention=attention, device=device)
    write_bytes(output, png)
    click.echo(output)
