"""Sections of the report on one model, made of the details that its evaluation kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from t2ibench_reports.details.details import SHARES, Details, places
from t2ibench_reports.details.insides import HOW_TO_LOOK, insides_of
from t2ibench_reports.rendering.document import Grid, Head, Part, Place, Section, Strip
from t2ibench_reports.rendering.drawings import Chart, Measured, chart
from t2ibench_reports.rendering.images import Tile, cut
from t2ibench_reports.table.format import clean, count, number
from t2ibench_reports.table.tables import Column, Group, Row
from t2ibench_reports.table.whiskers import whisker_of

_Z = 1.959963984540054  # of a 95% interval
_SHOWN = 6


def statements(group: Group, row: Row, details: Details, folder: Path) -> Section | None:
    """Return how often the images show what captions state, by what it is about; None where nobody counted."""
    column = next((column for column in group.columns if details.parts.get(column.digest)), None)
    if column is None:
        return None
    found = sorted(details.parts[column.digest], key=lambda one: (-one[2] / one[1] if one[1] else 0.0, one[0]))
    rows = []
    for name, stated, shown in found:
        low, high = wilson(shown, stated)
        share = 100 * shown / stated if stated else 0.0
        rows.append(
            (
                Place(name, kind="name"),
                Place(count(stated), kind="cost"),
                Place(count(shown), kind="cost"),
                Place(
                    number(share, 0),
                    f"[{number(low, 0)}, {number(high, 0)}]",
                    drawing=whisker_of(share, low, high, (0.0, 100.0)),
                ),
            )
        )
    heads = (Head("About", kind="name"), Head("Stated", kind="cost"), Head("Shown", kind="cost"), Head("Share (%)"))
    return Section(
        "What captions state and images show",
        _small(group, column),
        heads=heads,
        parts=(Part("", "measured", tuple(rows)),),
        notes=("Wilson's 95% intervals, each statement by itself; the bars reach from 0 to 100%.",),
    )


def extremes(group: Group, row: Row, details: Details, folder: Path) -> Section | None:
    """Return the captions that the row shows worst, and those it shows best, beside the real images."""
    kept = details.part("extremes")
    total = len(details.captions)
    worst, best = places(kept, "worst", total), places(kept, "best", total)
    column = next((column for column in group.columns if column.digest == kept.get("metric")), None)
    if column is None or not worst:
        return None
    texts = [details.captions[place] for place in (*worst, *best)]
    tiles = cut(folder, kept.get("image"), texts * 2)
    if not tiles:
        return None
    made, real = tiles[: len(texts)], tiles[len(texts) :]
    values = details.values.get(column.digest, ())

    def grid(title: str, where: Sequence[int], start: int) -> Grid:
        rows = []
        for at, place in enumerate(where[:_SHOWN], start=start):
            value = f" ({column.title} {number(values[place], 1)})" if place < len(values) else ""
            pair: tuple[Tile | None, ...] = (made[at], real[at])
            rows.append(Strip(f"{details.captions[place]}{value}", pair))
        return Grid("Caption", ((row.label, ""), ("Real image", "")), tuple(rows), title=title)

    return Section(
        "Failures and successes",
        _small(group, column),
        grids=(grid("Shown worst", worst, 0), grid("Shown best", best, len(worst))),
        notes=(
            f"Chosen by {column.title} alone, of all {count(total)} captions; of equal values the first in the plan. A "
            "judge errs too: look before you believe it.",
            *((SHARES,) if details.parts.get(column.digest) else ()),
        ),
    )


def nearest(group: Group, row: Row, details: Details, folder: Path) -> Section | None:
    """Return the images that lie nearest to training images, beside those; None where no column compares with them."""
    kept = details.part("nearest")
    where, shares = places(kept, "places", len(details.captions)), kept.get("shares")
    column = next((column for column in group.columns if column.digest == kept.get("metric")), None)
    texts = [details.captions[place] for place in where]
    tiles = cut(folder, kept.get("image"), texts * 2)
    if column is None or not tiles or not isinstance(shares, list) or len(shares) != len(where):
        return None
    strips = tuple(
        Strip(f"{text} ({number(float(share), 2)} of the mean distance)", (tiles[at], tiles[at + len(texts)]))
        for at, (text, share) in enumerate(zip(texts, shares, strict=True))
    )
    grid = Grid("Caption", ((row.label, ""), ("Nearest training image", "")), strips[:_SHOWN])
    note = (
        "The images of the row that lie nearest to an image of the training split, by the features of "
        f"{column.title}. Much nearer than the mean, and alike to the eye: a copy."
    )
    return Section("Nearest to training images", _small(group, column), grids=(grid,), notes=(note,))


def read_back(group: Group, row: Row, details: Details, folder: Path) -> Section | None:
    """Return what a captioner reads in the row's images and in the real ones; None where none did."""
    kept = details.part("read_back")
    found = kept.get("rows")
    if not isinstance(found, list) or not all(isinstance(one, list) and len(one) == 3 for one in found):
        return None
    captions, made, real = ([clean(str(one[at])) for one in found] for at in range(3))
    tiles = cut(folder, kept.get("image"), made + real)
    if not tiles:
        return None
    rows = tuple(
        Strip(caption, (tiles[at], tiles[at + len(captions)]), captioned=True) for at, caption in enumerate(captions)
    )
    return Section(
        "What it reads in them",
        f"{clean(group.plan.dataset)}, {clean(group.plan.protocol)}",
        grids=(Grid("Caption", ((row.label, ""), ("Real image", "")), rows, title="Read back"),),
        notes=(
            f"Below each image stands the sentence that a captioner ({clean(str(kept.get('by', '')))}) reads in it. It "
            "never sees the caption, and says of an image what it thinks worth saying: compare what both speak of. The "
            "first captions of the plan; not chosen by anyone.",
        ),
    )


def making(group: Group, row: Row, details: Details, folder: Path) -> Section | None:
    """Return how the model's images came about."""
    insides = insides_of(row, folder)
    if not insides:
        return None
    return Section("Inside", clean(group.plan.dataset), insides=insides, notes=(HOW_TO_LOOK,))


def training(group: Group, row: Row, details: Details, folder: Path) -> Section | None:
    """Return how the losses ran and how sample images grew; None for imported models and those that were shipped."""
    kept = details.part("training")
    charts = _curves(kept.get("curves"))
    samples = kept.get("samples")
    grid = _ages(samples, folder) if isinstance(samples, dict) else None
    if not charts and grid is None:
        return None
    return Section(
        "Training",
        "" if row.source.steps is None else f"{count(row.source.steps)} steps",
        drawings=charts,
        drawings_title="Losses",
        grids=() if grid is None else (grid,),
        notes=("Losses of adversaries say whether training is alive, not whether images are good.",) if charts else (),
    )


PARTS = (statements, extremes, nearest, read_back, making, training)
"""In the order of the page; each is given the table, the row, its details and the details' folder."""


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the ends of Wilson's 95% interval of a share, in per cent; (0, 100) of nothing.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.
    """
    if not total:
        return 0.0, 100.0
    share, extra = hits / total, _Z**2 / total
    middle = (share + extra / 2) / (1 + extra)
    half = _Z / (1 + extra) * math.sqrt(share * (1 - share) / total + extra / (4 * total))
    return 100 * max(middle - half, 0.0), 100 * min(middle + half, 1.0)


def _curves(kept: Any) -> tuple[Chart, ...]:
    """Return a chart of the discriminators' losses and one of all others."""
    if not isinstance(kept, dict):
        return ()
    apart: dict[bool, list[tuple[str, list[Measured]]]] = {True: [], False: []}
    for name, points in sorted(kept.items()):
        try:
            line = [Measured(int(step), float(value)) for step, value in points]
        except (TypeError, ValueError):
            continue
        label = clean(str(name)).removesuffix("/loss")
        apart[label.startswith("discriminator")].append((label, line))
    made = (
        chart(title, apart[side], said="Means over short stretches.", marks=False)
        for side, title in ((False, "Generator's and other losses"), (True, "Discriminators' losses"))
    )
    return tuple(one for one in made if one is not None)


def _ages(samples: dict[str, Any], folder: Path) -> Grid | None:
    """Return sample images, a caption a row and an age a column."""
    steps, captions = samples.get("steps"), samples.get("captions")
    if not isinstance(steps, list) or not isinstance(captions, list) or not captions:
        return None
    texts = [clean(str(caption)) for caption in captions]
    tiles = cut(folder, samples.get("image"), texts * len(steps))
    if not tiles:
        return None
    heads = tuple((f"{step:,} steps" if isinstance(step, int) else "", "") for step in steps)
    rows = tuple(
        Strip(text, tuple(tiles[age * len(texts) + place] for age in range(len(steps))))
        for place, text in enumerate(texts)
    )
    hint = "Drawn while it learned, of captions of its training split, always with the same noise."
    return Grid("Caption", heads, rows, hint, title="Samples over time")


def _small(group: Group, column: Column) -> str:
    return f"{clean(group.plan.dataset)}, {clean(group.plan.protocol)}, by {column.title}"
