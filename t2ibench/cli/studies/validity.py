"""`t2ibench validity`: whether the metrics measure what they claim."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from t2ibench.cli.options import FOLDER, list_option, metrics_option, place_options, seed_option
from t2ibench.core.place import Place

if TYPE_CHECKING:
    from t2ibench.studies.validity.study import ValidityRequest


@click.command("validity")
@click.option("--data", "dataset", default="simbirds", show_default=True, help="Data set whose images are corrupted.")
@click.option("--protocol", help="Protocol of benchmarks.toml.  [default: simbirds-full for simbirds]")
@click.option("--samples", type=click.IntRange(min=40), default=500, show_default=True, help="Images a row.")
@metrics_option
@list_option("--corruptions", help="Some of them, as in blur,captions.  [default: all]")
@click.option(
    "--out",
    type=FOLDER,
    help="Folder of the page, table and figure.  [default: metric-validity in the workspace's reports]",
)
@seed_option
@place_options("device", "data_root", "weights_dir", "workers")
def command(out: Path | None, place: Place, **asked: Any) -> None:
    """Corrupt real test images and captions step by step and say which metrics notice, and which do not.

    Writes metric-validity.html, .csv, .md, .json and .svg; `t2ibench report metric-validity` makes them again. Asking
    again goes on where it was stopped. No row of it gets into the workspace's leaderboard.
    """
    from t2ibench.studies.validity.study import ValidityRequest

    carry_out(ValidityRequest(**asked), place, out)


def carry_out(request: ValidityRequest, place: Place, out: Path | None = None) -> None:
    """Run a study, write its files and print its verdicts; `bench metric-validity` leads here too.

    Args:
        request: what is asked.
        place: where it is done.
        out: folder of the page; None for the workspace's reports.
    """
    from t2ibench.cli.reports.report import write_report_on
    from t2ibench.studies.validity.study import NAME, keep_study, run_study

    study = run_study(request, place)
    if study is None:  # a worker that helped another one
        return
    command = f"{request.command} --out {out.name}" if out else request.command  # no path of this machine on the page
    written = keep_study(study, place.workspace, command)
    write_report_on(NAME, written, place.workspace, out or place.workspace.reports / NAME)
    for row in study.rows:
        found = row.finding
        rank = "" if found.spearman is None else f"{found.spearman:+.2f}"
        click.echo(f"{row.corruption.name:9} {row.series.column:22} {found.verdict:10} {rank}".rstrip())
