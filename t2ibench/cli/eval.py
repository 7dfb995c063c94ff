"""`t2ibench eval`: measure models under one protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from t2ibench.cli.options import (
    ANY_PATH,
    COUNT,
    FILE,
    NumberList,
    arithmetic_options,
    dry_run_option,
    json_option,
    list_option,
    measured_options,
    metrics_option,
    place_options,
    seed_option,
)
from t2ibench.cli.printing import print_json
from t2ibench.core.place import Place


@click.command("eval")
@list_option(
    "--models",
    metavar="A,B",
    help="Models: a name, name:variant, name@digest, the folder of a model, or diffusers:FOLDER for a pipeline's.",
)
@click.option(
    "--images", type=ANY_PATH, multiple=True, metavar="FOLDER", help="A folder of images as a row; may be given again."
)
@click.option(
    "--command",
    "commands",
    multiple=True,
    help="A program that makes images, with {captions} and {out} in it, as a row; may be given again.",
)
@click.option(
    "--statistics",
    type=FILE,
    multiple=True,
    metavar="FILE.npz",
    help="Precomputed mu and sigma (pytorch-fid, clean-fid, TTUR) as a row; may be given again.",
)
@click.option("--name", "names", multiple=True, help="Name of a row of --images, --command or --statistics, in order.")
@click.option(
    "--reference-statistics",
    "reference",
    type=FILE,
    metavar="FILE.npz",
    help="Compare with these instead of the data set's images.",
)
@click.option("--skip-bad", is_flag=True, help="Leave images of a folder out that cannot be read, and count them.")
@measured_options
@click.option(
    "--samples-per-caption",
    type=COUNT,
    metavar="K",
    help="Images of every caption, each with its own noise; diversity within captions needs two or more.",
)
@click.option(
    "--caption-ids",
    type=FILE,
    metavar="FILE.txt",
    help="Judge the captions that a file lists, one id a line, instead of the protocol's choice.",
)
@metrics_option
@click.option("--controls/--no-controls", default=True, help="Measure the control rows too.")
@json_option
@seed_option
@list_option(
    "--seeds",
    type=NumberList("100,101"),
    metavar="100,101,...",
    help="Several seeds: a table each, and their mean and range.",
)
@list_option(
    "--track",
    metavar="tensorboard,wandb,trackio",
    help="Where the table is logged too.",
)
@arithmetic_options
@dry_run_option
@place_options("device", "batch_size", "data_root", "weights_dir", "download", "workers")
def command(
    images: tuple[Path, ...],
    commands: tuple[str, ...],
    statistics: tuple[Path, ...],
    names: tuple[str, ...],
    reference: Path | None,
    skip_bad: bool,
    metrics: tuple[str, ...],
    as_json: bool,
    track: tuple[str, ...],
    dry_run: bool,
    place: Place,
    **asked: Any,
) -> None:
    """Measure models, images of others and the control rows on the same captions with the same noise.

    Several processes share the work, with the same numbers: --workers 4, torchrun --nproc-per-node 4 -m t2ibench eval
    ..., or srun -n 4.

    Every number becomes a record under results/; what is known is not measured again. Leaves with status 1 if a number
    could not be had.
    """
    from t2ibench.api.evaluate import measured
    from t2ibench.evaluation.external.rows import ExternalRows
    from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables

    external = ExternalRows(images, commands, statistics, names, reference, skip_bad)
    request = EvaluateRequest(metrics=metrics, external=external, **asked)
    if dry_run:
        print_json([one.describe() for one in resolve_tables(request, place)])
        return
    table = measured(request, place, track)
    if not place.workers.leads:
        return
    click.echo(table.json() if as_json else str(table), nl=as_json)
    failed = list(table.failures)
    if metrics or not table.records:  # they were asked for by name
        failed += table.empty
    else:
        for reason in table.empty:
            click.echo(reason, err=True)
    for reason in failed:
        click.echo(f"Error: {reason}", err=True)
    raise SystemExit(1 if failed else 0)
