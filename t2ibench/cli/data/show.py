"""`t2ibench data show`: one image with its box, crop and captions."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import FILE, dataset_arguments
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place


@click.command("show")
@dataset_arguments
@click.option("--split", default="train", show_default=True, help="The split the image is taken from.")
@click.option("--index", type=click.IntRange(min=0), default=0, show_default=True, help="Which image, from 0.")
@click.option("-o", "--output", type=FILE, help="PNG to write.")
def command(name: str, root: Path | None, place: Place, split: str, index: int, output: Path | None) -> None:
    """Show one image of the data set NAME: file, box, crop, captions and their words, as text and as a PNG."""
    from t2ibench.core.files import atomic_path
    from t2ibench.data.open import open_dataset
    from t2ibench.data.show import describe_image, draw_image

    manifest = open_dataset(name, place.benchmarks, place.workspace, root=root)
    images = manifest.split(split)
    if index >= len(images):
        raise UserError(f"The split {split!r} of {name} has the images 0 to {len(images) - 1}; {index} is none.")
    target = output or Path(f"{name}-{split}-{index}.png")
    if target.suffix.lower() != ".png":
        raise UserError(f"{target} does not end in .png, and a PNG is what is written: give --output another name.")
    with atomic_path(target) as temporary:
        draw_image(manifest, images[index]).save(temporary, format="PNG")
    click.echo(describe_image(manifest, images[index]))
    click.echo(f"image written to {target}")
