"""Two rows caption by caption: where each is ahead, and their images of the captions on which they differ most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2ibench_reports.details.details import SHARES, Details, details_of, pair_of, places
from t2ibench_reports.rendering.document import Grid, Strip
from t2ibench_reports.rendering.drawings import Scatter, scatter
from t2ibench_reports.rendering.images import Tile, cut
from t2ibench_reports.table.format import number
from t2ibench_reports.table.tables import Column, Group, Row


@dataclass(frozen=True)
class Captions:
    """What is known of two rows' captions. `reason` says why there are no images of some where asking cannot help."""

    scatters: tuple[Scatter, ...] = ()
    grids: tuple[Grid, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()


def captions_of(group: Group, first: Row, second: Row, folder: Path) -> Captions:
    """Return the drawings and images of two rows of a table; empty where their values by caption were not kept.

    Args:
        group: the table.
        first: one row.
        second: the other.
        folder: of the details.
    """
    if len(group.seeds) > 1:
        return Captions(reason="Captions are looked at seed by seed.")
    ours, theirs = details_of(first, folder), details_of(second, folder)
    if ours is None or theirs is None:
        return Captions()
    names = _names(first, second)
    drawings = [
        scatter(
            f"{column.title} {column.arrow}",
            names,
            ours.values[column.digest],
            theirs.values[column.digest],
            higher_is_better=column.metric.higher_is_better,
        )
        for column in _shared(group, ours, theirs)
    ]
    return Captions(
        tuple(drawing for drawing in drawings if drawing is not None),
        tuple(_grids(group, (first, second), (ours, theirs), folder)),
        notes=(SHARES,) if ours.parts or theirs.parts else (),
    )


def caption_lines(group: Group, first: Row, second: Row, folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield a caption's values of both rows, in the order of the plan; nothing where they were not kept."""
    ours, theirs = details_of(first, folder), details_of(second, folder)
    if ours is None or theirs is None or len(group.seeds) > 1:
        return
    shared = _shared(group, ours, theirs)
    for place, caption in enumerate(ours.captions if shared else ()):
        yield {
            "dataset": group.plan.dataset,
            "protocol": group.plan.protocol,
            "caption": caption,
            "values": {
                column.metric.column: [ours.values[column.digest][place], theirs.values[column.digest][place]]
                for column in shared
            },
        }


def _grids(group: Group, rows: tuple[Row, Row], details: tuple[Details, Details], folder: Path) -> Iterator[Grid]:
    """Yield the captions on which the first row is ahead by most, then those on which the second is."""
    found = pair_of(*details, folder)
    if found is None:
        return
    kept, swapped = found
    total = len(details[0].captions)
    ahead, behind = places(kept, "ahead", total), places(kept, "behind", total)
    column = next((one for one in _shared(group, *details) if one.digest == kept.get("metric")), None)
    texts = [details[0].captions[place] for place in (*ahead, *behind)]
    tiles = cut(folder, kept.get("image"), texts * 3)
    if column is None or not tiles:
        return
    real, one, other = (tiles[start * len(texts) : (start + 1) * len(texts)] for start in range(3))
    if swapped:
        one, other = other, one
    names = _names(*rows)
    parts = [(ahead, 0), (behind, len(ahead))]
    for name, (where, start) in zip(names, parts[::-1] if swapped else parts, strict=True):
        if not where:
            continue
        lines = []
        for at, place in enumerate(where, start=start):
            values = [number(one_row.values[column.digest][place], 1) for one_row in details]
            images: tuple[Tile | None, ...] = (one[at], other[at], real[at])
            lines.append(Strip(f"{details[0].captions[place]} ({values[0]} against {values[1]})", images))
        yield Grid(
            "Caption",
            ((names[0], ""), (names[1], ""), ("Real image", "")),
            tuple(lines),
            f"By {column.title} alone, of all {total:,} captions; of equal differences the first in the plan. In "
            f"brackets {names[0]}'s value against {names[1]}'s.",
            title=f"Where {name} is ahead by most",
        )


def _shared(group: Group, ours: Details, theirs: Details) -> list[Column]:
    """Return the columns by which both rows have values of the same captions."""
    if ours.captions != theirs.captions:
        return []
    return [one for one in group.columns if one.digest in ours.values and one.digest in theirs.values]


def _names(first: Row, second: Row) -> tuple[str, str]:
    """Return what the rows are called, made unlike where their labels are alike."""
    if first.label != second.label:
        return first.label, second.label
    told = [next((one for one in row.details if one not in ("retrained",)), "") for row in (first, second)]
    if told[0] == told[1]:
        told = [row.source.identity[:6] for row in (first, second)]
    return tuple(f"{row.label} {what}".strip() for row, what in zip((first, second), told, strict=True))  # type: ignore[return-value]
