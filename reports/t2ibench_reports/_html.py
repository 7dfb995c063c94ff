"""The table as one self-contained page: no script is needed to read it, and nothing is fetched to show it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from t2ibench.core.records import ResultRecord
from t2ibench_reports import _format
from t2ibench_reports._images import Tile, tiles
from t2ibench_reports._notes import HOW_TO_READ, JUDGE_SEEN, group_notes
from t2ibench_reports._page import SCRIPTS, anchors_of, environment, part, policy
from t2ibench_reports._rows import shared_captions
from t2ibench_reports._tables import (
    ORIGIN_TITLES,
    SECTION_TITLES,
    Cell,
    Column,
    Group,
    Leaderboard,
    Row,
    Section,
)
from t2ibench_reports._whiskers import WIDTH, whisker


@dataclass(frozen=True)
class Gallery:
    """Sample images of a group: a caption a column, a row a source.

    Attributes:
        captions: those that most rows have, the heads; empty where they are not known.
        rows: (row, images).
        apart: labels of the rows with captions of their own, which stand below their images.
    """

    captions: tuple[str, ...]
    rows: tuple[tuple[Row, tuple[Tile, ...]], ...]
    apart: tuple[str, ...]


def page(board: Leaderboard, images: Path) -> str:
    """Return the page. Everything that comes from records is escaped by the template engine."""
    style, script = part("report.css"), "".join(map(part, SCRIPTS))
    anchors = anchors_of([cell.record.id for group in board.groups for _, _, cell in group.cells])
    return (
        environment()
        .get_template("leaderboard.html.j2")
        .render(
            board=board,
            style=style,
            script=script,
            policy=policy(style, script),
            how_to_read=HOW_TO_READ,
            judge_seen=JUDGE_SEEN,
            galleries={group.key: _gallery(group, images) for group in board.groups},
            notes={group.key: group_notes(group) for group in board.groups},
            section_titles=SECTION_TITLES,
            origin_titles=ORIGIN_TITLES,
            sections=Section,
            anchors=anchors,
            whisker=whisker,
            whisker_width=WIDTH,
            format=_format,
            record_facts=record_facts,
            record_json=lambda record: json.dumps(
                record.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False
            ),
        )
    )


def record_facts(cell: Cell, column: Column) -> list[tuple[str, str]]:
    """Return (name, text) pairs: what a reader of one number wants to know before the full record."""
    record = cell.record
    facts = [("Value", _format.value_with_interval(record, column.decimals))]
    if record.value is not None:
        facts += [("Unrounded", repr(record.value)), ("Images", _format.count(record.n))]
    if record.interval is not None:
        method = _format.clean(record.interval.method)
        facts.append(("Interval", f"{record.interval.level * 100:g}%, {method}"))
    if cell.standing is not None:
        facts.append(("Place", cell.standing.text))
    facts += [("Spread, as papers give it", spread) for spread in _format.spreads(record)]
    if record.judge_seen_in_training:
        facts.append(("Judge", "seen in training: this value is partly circular"))
    facts += [("Warning", _format.clean(warning)) for warning in record.warnings]
    facts += _cost_facts(record)
    facts += [("Note", _format.clean(note)) for note in record.source.notes]
    for name, text in (("Paper", record.source.paper), ("Licence", record.source.licence), ("Made", record.created)):
        if text:
            facts.append((name, _format.clean(text)))
    return facts


def _cost_facts(record: ResultRecord) -> list[tuple[str, str]]:
    if record.cost is None:
        return []
    parts = [f"{_format.significant(record.cost.seconds)} s"]
    if record.cost.images_per_second is not None:
        parts.append(f"{_format.significant(record.cost.images_per_second)} images/s")
    if record.cost.peak_memory_bytes is not None:
        parts.append(f"{_format.memory(record.cost.peak_memory_bytes)} peak memory")
    return [("Cost", ", ".join(parts))]


def _gallery(group: Group, images: Path) -> Gallery | None:
    rows = tuple((row, found) for row in group.rows if (found := tiles(images, row.image)))
    if not rows:
        return None
    shared = shared_captions([_captions(found) for _, found in rows])
    return Gallery(shared, rows, tuple(row.label for row, found in rows if _captions(found) != shared))


def _captions(found: tuple[Tile, ...]) -> tuple[str, ...]:
    return tuple(tile.caption for tile in found)
