"""On which captions two rows differ most, and their images of these, kept for `report compare`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from t2ibench.core.files import digest_of, write_bytes, write_json
from t2ibench.evaluation.details.details import SCHEMA, keep_details, leading, strip_of_items
from t2ibench.evaluation.details.training_story import png_bytes, strip_of
from t2ibench.evaluation.images.sources import Source, ground_truth
from t2ibench.evaluation.measuring.table import Table

SHOWN: Final = 6
"""Captions shown for each of the two rows."""


def keep_pair(table: Table, first: Source, second: Source) -> None:
    """Write the details of both rows, and the captions on which either is ahead by most, with images of both.

    Nothing is written for rows without a measure by caption, or whose images depend on their batch. What is there is
    not made again.
    """
    keep_details(table, (first, second))
    names = (table.row_digest(first)[:24], table.row_digest(second)[:24])
    folder = table.results.details
    name = f"pair-{digest_of(list(names))[:24]}"
    if (folder / f"{name}.json").is_file() or first.together is not None or second.together is not None:
        return
    values = [_values(folder / f"{stem}.json") for stem in names]
    shared = {digest: values[0][digest] for digest in values[0] if digest in values[1]}
    column = leading(table.columns, first, shared)
    if column is None:
        return
    digest, sign = column.record.digest, 1 if column.record.higher_is_better else -1
    gains = [sign * (one - other) for one, other in zip(values[0][digest], values[1][digest], strict=True)]
    ahead = furthest(gains, SHOWN)
    behind = furthest([-gain for gain in gains], SHOWN)
    items = [table.plan.items[place] for place in (*ahead, *behind)]
    if not items:
        return
    real = ground_truth(table.manifest, table.plan, table.protocol.resolution)
    tiles = [image for source in (real, first, second) for image in strip_of_items(source, items, table.plan.seed)]
    write_bytes(folder / f"{name}.png", png_bytes(strip_of(tiles)))
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "first": names[0],
        "second": names[1],
        "metric": digest,
        "ahead": ahead,
        "behind": behind,
        "image": f"{name}.png",
    }
    write_json(folder / f"{name}.json", content)


def furthest(gains: Sequence[float], count: int) -> list[int]:
    """Return the places of the largest gains above 0, the largest first; of equal ones the first."""
    order = sorted((place for place, gain in enumerate(gains) if gain > 0), key=lambda place: (-gains[place], place))
    return order[:count]


def _values(path: Path) -> dict[str, list[float]]:
    try:
        found: dict[str, list[float]] = json.loads(path.read_text(encoding="utf-8"))["values"]
    except (OSError, ValueError, KeyError):
        return {}
    return found
