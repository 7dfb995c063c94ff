"""`t2ibench probe`: change one thing of a caption, keep the noise, and see what follows in the image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from t2ibench.cli.options import FOLDER, dry_run_option, json_option, place_options, seed_option
from t2ibench.cli.printing import print_json
from t2ibench.core.place import Place


@click.command("probe")
@click.argument("probe", metavar="PROBE")
@click.argument("model", metavar="MODEL[:VARIANT]")
@click.option("--data", "dataset", help="Only a model that learned from this data set.")
@click.option(
    "--caption",
    "captions",
    multiple=True,
    metavar="TEXT",
    help='Your own instead, as in "a {red|green} bus on a street"; may be given again.',
)
@click.option(
    "--rows",
    "--seeds",
    "rows",
    type=click.IntRange(1, 1000),
    help="Noises each caption is drawn with.  [default: the probe's own]",
)
@click.option("-o", "--output", type=FOLDER, help="Folder for page, images and table, if not the workspace's reports.")
@json_option
@seed_option
@dry_run_option
@place_options("device", "threads", "workers")
def command(
    probe: str, model: str, output: Path | None, as_json: bool, dry_run: bool, place: Place, **asked: Any
) -> None:
    """Change one thing of a caption, keep the noise, and see what changes in the image.

    PROBE is colours, backgrounds, objects, compositions or words, or another one of [probes] in benchmarks.toml.
    Images of simulated birds are scored against what their captions say, beside drawn birds that fit them exactly;
    all others are shown.

    The tables go to stdout, the paths of page, images and data to stderr. Asking again costs nothing; `t2ibench
    report probe` shows all probes there are.
    """
    from t2ibench.studies.probes.plan import ProbeRequest, plan_probe

    plan = plan_probe(ProbeRequest(probe, model, **asked), place)
    if dry_run:
        print_json(plan.describe())
        return
    from t2ibench.cli.reports.report import write_report_on
    from t2ibench.studies.probes.probing import run_probe

    record = run_probe(plan, place)
    if record is None:  # a worker that helped another one
        return
    identity = record["id"]
    folder = output or place.workspace.reports / "probe" / identity[:16]
    text = write_report_on("probe", identity, place.workspace, folder)
    if as_json:
        print_json(record)
    else:
        click.echo(text, nl=False)
