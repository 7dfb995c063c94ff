"""Images of a source as a folder that this toolkit, or any other, reads back: PNG files and a manifest.jsonl."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.types import SamplePlan
from t2ibench.evaluation.external.command import write_image_manifest
from t2ibench.evaluation.images.sources import Source


def export_images(
    source: Source,
    plan: SamplePlan,
    folder: Path,
    *,
    batch_size: int,
    on_images: Callable[[int], None] = lambda done: None,
) -> None:
    """Write the images of a plan as the evaluator sees them: judging the folder gives the numbers of the source.

    manifest.jsonl is written last: a folder with one is complete.

    Args:
        source: whose images.
        plan: which images.
        folder: new or empty.
        batch_size: images at a time.
        on_images: called with the number of images done.

    Raises:
        UserError: the folder has something in it, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UserError(f"{folder} is not empty: name a new folder for the images.")
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}): name another folder.") from error
    files: list[str] = []
    for batch in source.images(plan, batch_size=batch_size):
        for pixels in batch.pixels.permute(0, 2, 3, 1).numpy():
            files.append(f"{len(files):06}.png")
            Image.fromarray(pixels).save(folder / files[-1], format="PNG")
        on_images(len(files))
    write_image_manifest(folder, plan, files)
