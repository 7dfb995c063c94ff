"""`t2ibench data make`: draw a simulated data set."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.data.arguments import name_argument
from t2ibench.cli.options import config_option
from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import LoadedBenchmarks


@click.command("make")
@name_argument
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to draw into.")
@click.option("--images", type=click.IntRange(min=1), default=None, help="How many images; default as in the config.")
@click.option("--size", type=click.IntRange(min=16), default=None, help="Side of an image in pixels.")
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Another seed draws other images.")
@config_option
def command(
    name: str, root: Path, images: int | None, size: int | None, seed: int | None, benchmarks: LoadedBenchmarks
) -> None:
    """Draw the simulated data set NAME into a folder, in the layout of the real one."""
    from t2ibench.data.adapter import DrawnDataset
    from t2ibench.data.open import adapter_of

    adapter = adapter_of(name, benchmarks.content)
    if not isinstance(adapter, DrawnDataset):
        drawn = [other for other in benchmarks.content.datasets if _is_drawn(other, benchmarks)]
        raise UserError(
            f"{name} is a real data set and cannot be drawn; {', '.join(drawn)} can. "
            f"`t2ibench data prepare {name}` says what to fetch."
        )
    wanted = {"images": images, "size": size, "seed": seed}
    settings = {key: value for key, value in wanted.items() if value is not None}
    adapter.draw(root, settings, replace=False)
    click.echo(f"{name} is in {root}. Use it with --data-root {root}.")


def _is_drawn(name: str, benchmarks: LoadedBenchmarks) -> bool:
    from t2ibench.data.adapter import DrawnDataset
    from t2ibench.data.open import adapter_of

    return isinstance(adapter_of(name, benchmarks.content), DrawnDataset)
