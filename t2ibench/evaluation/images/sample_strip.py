"""The first images of a row as one file, for the pages that show what was judged."""

from __future__ import annotations

import io
from typing import Final

from t2ibench.core.files import digest_of, write_json
from t2ibench.core.records import PlanRecord, Results
from t2ibench.core.types import SamplePlan
from t2ibench.evaluation.images.sources import Source

SAMPLE_IMAGES: Final = 16


def sample_strip(source: Source, asked: SamplePlan, record: PlanRecord, results: Results, batch_size: int) -> str:
    """Write the first images of the plan as a strip, its captions beside it, and return the strip's file name."""
    import torch
    from PIL import Image

    whole = source.plan_of(asked).items[: max(SAMPLE_IMAGES, source.together or 0)]
    items = whole[:SAMPLE_IMAGES]
    name = digest_of([source.name, source.identity, record.model_dump(mode="json")])[:24]
    folder = results.folder / "images"
    if not (folder / f"{name}.json").is_file():
        plan = SamplePlan(whole, asked.seed, asked.dataset, asked.split)
        made = torch.cat([batch.pixels for batch in source.images(plan, batch_size=batch_size)])
        pixels = made[: len(items)]
        strip = pixels.permute(2, 0, 3, 1).reshape(pixels.shape[2], -1, 3)  # H x (N W) x 3
        buffer = io.BytesIO()
        Image.fromarray(strip.numpy()).save(buffer, format="PNG")
        results.attach_image(f"{name}.png", buffer.getvalue())
        write_json(folder / f"{name}.json", {"captions": [source.shown_caption(item) for item in items]})
    return f"{name}.png"
