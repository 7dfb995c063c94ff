"""`t2ibench data check`: look at every file of a data set."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import dataset_arguments
from t2ibench.core.errors import RunFailedError
from t2ibench.core.place import Place


@click.command("check")
@dataset_arguments
def command(name: str, root: Path | None, place: Place) -> None:
    """Read every file of the data set NAME and list what is missing, damaged or odd; fails if anything is."""
    from t2ibench.data.adapter import MissingImagesError
    from t2ibench.data.check import check_dataset
    from t2ibench.data.open import open_dataset

    try:
        manifest = open_dataset(name, place.benchmarks, place.workspace, root=root)
    except MissingImagesError as error:
        for missing in error.names:
            click.echo(f"missing: {missing}")
        raise
    found = check_dataset(manifest, place.benchmarks.datasets[name])
    for fact in found.facts:
        click.echo(fact)
    for left_out in manifest.missing:
        click.echo(f"left out: {left_out}")
    for notice in found.notices:
        click.echo(f"notice: {notice}")
    for problem in found.problems:
        click.echo(f"problem: {problem}")
    if found.problems:
        raise RunFailedError(
            f"{len(found.problems)} files of {name} under {manifest.root} are missing, damaged or changed; they are "
            f"listed above. Put them back and run `t2ibench data prepare {name}`."
        )
    there = f" with the images that are there; {len(manifest.missing)} are left out" if manifest.missing else ""
    click.echo(f"No problem found{there}.")
