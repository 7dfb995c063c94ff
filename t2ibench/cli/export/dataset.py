"""`t2ibench export dataset`: Croissant metadata of a data set made or prepared here."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import FOLDER, name_argument, place_options
from t2ibench.core.place import Place


@click.command("dataset")
@name_argument
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder.")
@place_options("data_root")
def command(name: str, output: Path, place: Place) -> None:
    """Write croissant.json (JSON-LD) of the data set NAME, and the manifest of its images that it describes."""
    from t2ibench.data.croissant import write_croissant
    from t2ibench.data.open import open_dataset

    manifest = open_dataset(name, place.benchmarks, place.workspace, root=place.data_root)
    click.echo(write_croissant(manifest, place.benchmarks.datasets[name].title, output))
