"""Images side by side in one file, for the pages that show what was judged."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from t2ibench.core.files import write_json
from t2ibench.core.types import SamplePlan

if TYPE_CHECKING:
    from PIL.Image import Image

    from t2ibench.core.records import Results
    from t2ibench.evaluation.images.sources import Source

SAMPLE_IMAGES: Final = 16
"""Images of a row that every page shows."""


def sample_strip(source: Source, plan: SamplePlan, name: str, results: Results, batch_size: int) -> str:
    """Write a row's first images of a plan as a strip, its captions beside it, and return the strip's file name."""
    from t2ibench.training.tracking.sample_images import to_image

    captions = results.folder / "images" / f"{name}.json"
    if not captions.is_file():
        whole = source.plan_of(plan).items[: max(SAMPLE_IMAGES, source.together or 0)]
        first = SamplePlan(whole, plan.seed, plan.dataset, plan.split)
        images = [to_image(one) for batch in source.images(first, batch_size=batch_size) for one in batch.pixels]
        results.attach_image(f"{name}.png", png_bytes(strip_of(images[:SAMPLE_IMAGES])))
        write_json(captions, {"captions": [source.shown_caption(item) for item in whole[:SAMPLE_IMAGES]]})
    return f"{name}.png"


def strip_of(tiles: Sequence[Image]) -> Image:
    """Return images of one height side by side; the first one's size holds for all."""
    from PIL import Image

    width, height = tiles[0].size
    strip = Image.new("RGB", (width * len(tiles), height))
    for place, tile in enumerate(tiles):
        strip.paste(tile if tile.size == (width, height) else tile.resize((width, height)), (place * width, 0))
    return strip


def png_bytes(image: Image) -> bytes:
    """Return an image as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
