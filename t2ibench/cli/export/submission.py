"""`t2ibench export submission`: a row for a public board."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import FILE, place_options
from t2ibench.core.place import Place


@click.command("submission")
@click.argument("row")
@click.option("--data", "dataset", required=True, metavar="NAME", help="Data set that it was measured on.")
@click.option("--by", required=True, metavar="NAME", help="Who submits.")
@click.option("--protocol", help="Protocol of benchmarks.toml.  [default: the data set's own]")
@click.option(
    "--images", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder of a row of images."
)
@click.option("-o", "--output", type=FILE, required=True, help="File, *.json.")
@place_options("device", "batch_size", "data_root", "weights_dir")
def command(
    row: str, dataset: str, by: str, protocol: str | None, images: Path | None, output: Path, place: Place
) -> None:
    """Write the records of ROW and its controls, and a sample of its images measured alone, as one file.

    The row and its controls must have been measured by `eval`. `t2ibench board check` says whether a board takes it.
    """
    from t2ibench.core.files import write_json
    from t2ibench.studies.exchange.submission import make_submission

    made = make_submission(row, dataset, place, by=by, protocol=protocol, images=images)
    write_json(output, made.model_dump(mode="json"))
    click.echo(output)
