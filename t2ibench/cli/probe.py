"""`t2ibench probe`: change one thing of a caption, keep the noise, and see what follows in the image."""

from __future__ import annotations

import json
from pathlib import Path

import click

from t2ibench.cli.options import (
    config_option,
    device_option,
    dry_run_option,
    seed_option,
    workspace_option,
)
from t2ibench.core.spec.benchmarks import LoadedBenchmarks
from t2ibench.core.workspace import Workspace


@click.command("probe")
@click.argument("probe", metavar="PROBE")
@click.argument("model", metavar="MODEL[:VARIANT]")
@click.option("--data", "dataset", default=None, help="Only a model that learned from this data set.")
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
    default=None,
    help="Noises each caption is drawn with.  [default: the probe's own]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder for page, images and table, if not the workspace's reports.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON instead of tables.")
@click.option("--threads", type=click.IntRange(min=1), default=None, help="Threads torch computes with on the CPU.")
@seed_option
@device_option
@dry_run_option
@config_option
@workspace_option
def command(
    probe: str,
    model: str,
    dataset: str | None,
    captions: tuple[str, ...],
    rows: int | None,
    output: Path | None,
    as_json: bool,
    threads: int | None,
    seed: int | None,
    device: str,
    dry_run: bool,
    benchmarks: LoadedBenchmarks,
    workspace: Workspace,
) -> None:
    """Change one thing of a caption, keep the noise, and see what changes in the image.

    PROBE is colours, backgrounds, objects, compositions or words, or another one of [probes] in benchmarks.toml.
    Images of simulated birds are scored against what their captions say, beside drawn birds that fit them exactly;
    all others are shown.

    The tables go to stdout, the paths of page, images and data to stderr. Asking again costs nothing; `t2ibench
    report probe` shows all probes there are.
    """
    from t2ibench.studies.probes.plan import ProbeRequest, plan_probe

    asked = ProbeRequest(probe, model, dataset=dataset, captions=captions, rows=rows, seed=seed)
    plan = plan_probe(asked, benchmarks.content, workspace)
    if dry_run:
        click.echo(json.dumps(plan.describe(), indent=2, ensure_ascii=False))
        return
    from t2ibench.cli.report import write_report_on
    from t2ibench.studies.probes.probing import run_probe

    record = run_probe(plan, benchmarks.content, workspace, device=device, threads=threads)
    identity = record["id"]
    text = write_report_on("probe", identity, workspace, output or workspace.reports / "probe" / identity[:16])
    click.echo(json.dumps(record, indent=2, ensure_ascii=False) if as_json else text, nl=as_json)
