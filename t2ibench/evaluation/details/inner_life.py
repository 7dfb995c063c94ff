"""What a model shows while it draws the first captions of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PIL.Image import Image

from t2ibench.core.types import PlanItem
from t2ibench.evaluation.images.sources import ModelSource
from t2ibench.sampling.inner_life import views_of

SHOWN: Final = 2
"""Captions whose making is shown."""


def inner_life(source: ModelSource, items: Sequence[PlanItem], seed: int) -> tuple[list[dict[str, Any]], list[Image]]:
    """Return (what is seen, the tiles) of the first SHOWN items; both empty for a model that shows nothing.

    What is seen is a list of {"caption", "views"}; views are those of `views_of`.
    """
    items = items[:SHOWN]
    images, trace = source.inside(items, seed)
    seen, tiles = [], []
    for index, item in enumerate(items):
        views, found = views_of(images, trace, index)
        if views:
            seen.append({"caption": item.caption.text, "views": views})
            tiles += found
    return seen, tiles
