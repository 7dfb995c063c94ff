"""`t2ibench data make`: draw a simulated data set."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import COUNT, FOLDER, name_argument, place_options
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place


@click.command("make")
@name_argument
@click.option("--root", type=FOLDER, required=True, help="Folder to draw into.")
@click.option("--images", type=COUNT, help="How many images; default as in the config.")
@click.option("--size", type=click.IntRange(min=16), help="Side of an image in pixels.")
@click.option("--seed", type=click.IntRange(min=0), help="Another seed draws other images.")
@place_options()
def command(name: str, root: Path, place: Place, **wanted: int | None) -> None:
    """Draw the simulated data set NAME into a folder, in the layout of the real one."""
    from t2ibench.data.adapter import DrawnDataset
    from t2ibench.data.open import adapter_of

    adapter = adapter_of(name, place.benchmarks)
    if not isinstance(adapter, DrawnDataset):
        known = place.benchmarks.datasets
        drawn = [other for other in known if isinstance(adapter_of(other, place.benchmarks), DrawnDataset)]
        raise UserError(
            f"{name} is a real data set and cannot be drawn; {', '.join(drawn)} can. "
            f"`t2ibench data prepare {name}` says what to fetch."
        )
    settings = {key: value for key, value in wanted.items() if value is not None}
    adapter.draw(root, settings, replace=False)
    click.echo(f"{name} is in {root}. Use it with --data-root {root}.")
