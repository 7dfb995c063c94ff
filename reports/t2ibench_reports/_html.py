"""The table as one self-contained page: no script is needed to read it, and nothing is fetched to show it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2ibench.results import ResultRecord
from t2ibench_reports import _format
from t2ibench_reports._notes import HOW_TO_READ, JUDGE_SEEN, group_notes
from t2ibench_reports._pictures import Tile, tiles
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

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Gallery:
    """Sample pictures of a group: a caption a column, a row a source. `captions` is empty where they differ."""

    captions: tuple[str, ...]
    rows: tuple[tuple[Row, tuple[Tile, ...]], ...]


def page(board: Leaderboard, pictures: Path) -> str:
    """Return the page. Everything that comes from records is escaped by the template engine."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        clean=_format.clean,
        count=_format.count,
        significant=_format.significant,
        typographic=lambda text: re.sub(r"(?<![\w.])-(?=\d)", "\u2212", str(text)),
    )
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8")
    script = (_TEMPLATES / "sort.js").read_text(encoding="utf-8")
    anchors = _anchors(board)
    return environment.get_template("leaderboard.html.j2").render(
        board=board,
        style=style,
        script=script,
        policy=_policy(style, script),
        how_to_read=HOW_TO_READ,
        judge_seen=JUDGE_SEEN,
        galleries={group.key: _gallery(group, pictures) for group in board.groups},
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


def record_facts(cell: Cell, column: Column) -> list[tuple[str, str]]:
    """Return (name, text) pairs: what a reader of one number wants to know before the full record."""
    record = cell.record
    facts = [("Value", _format.value_with_interval(record, column.decimals))]
    if record.value is not None:
        facts += [("Unrounded", repr(record.value)), ("Pictures", _format.count(record.n))]
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


def _anchors(board: Leaderboard) -> Mapping[str, str]:
    """Return record id -> anchor, unique on the page whatever the ids hold."""
    anchors: dict[str, str] = {}
    taken: set[str] = set()
    for group in board.groups:
        for _, _, cell in group.cells:
            stem = "record-" + re.sub(r"[^0-9A-Za-z]", "", cell.record.id)[:12]
            anchor, copy = stem, 1
            while anchor in taken:
                copy += 1
                anchor = f"{stem}-{copy}"
            taken.add(anchor)
            anchors[cell.record.id] = anchor
    return anchors


def _gallery(group: Group, pictures: Path) -> Gallery | None:
    rows = tuple((row, found) for row in group.rows if (found := tiles(pictures, row.picture)))
    if not rows:
        return None
    captions = {tuple(tile.caption for tile in found) for _, found in rows}
    return Gallery(next(iter(captions)) if len(captions) == 1 else (), rows)


def _policy(style: str, script: str) -> str:
    """Return a content security policy: this style, this script, inlined pictures; whatever slips in cannot run."""

    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    rules: dict[str, Any] = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": source(style),
        "script-src": source(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
