"""A document as one self-contained page: no script is needed to read it, and nothing is fetched to show it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from t2ibench.core.records import ResultRecord
from t2ibench_reports.rendering.document import Document
from t2ibench_reports.table import format
from t2ibench_reports.table.tables import Cell, Column
from t2ibench_reports.table.whiskers import WIDTH

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from t2ibench_reports.rendering.drawings import Drawing

_TEMPLATES = Path(__file__).parent / "templates"
_CODE = re.compile("`([^`]+)`")
SCRIPTS = ("theme.js", "sort.js", "filter.js", "reveal.js")
"""What every page carries; each lacks only its comfort without them."""


def page(document: Document) -> str:
    """Return the page. Everything that comes from records is escaped by the template engine."""
    style, script = part("report.css") + part("document.css"), "".join(map(part, SCRIPTS))
    if any(section.drawings for section in document.sections):
        style += "".join(map(_themed, ("stroke", "fill")))
    records: list[str] = []
    behind = []
    for section in document.sections:  # a record behind two tables is shown once
        new = [one for one in section.records if one[2].record.id not in records]
        records += [cell.record.id for _, _, cell in new]
        behind.append(new)
    return (
        environment()
        .get_template("document.html.j2")
        .render(
            document=document,
            style=style,
            script=script,
            policy=policy(style, script),
            behind=behind,
            anchors=anchors_of(records),
            drawn=_drawn,
            format=format,
            record_facts=record_facts,
            whisker_width=WIDTH,
            record_json=lambda record: json.dumps(
                record.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False
            ),
        )
    )


def _drawn(drawing: Drawing, prefix: str) -> Markup:
    from markupsafe import Markup

    from t2ibench_reports.rendering.figures import inlined

    return Markup(inlined(drawing, prefix))  # made of elements, whose texts are escaped


def _themed(field: str) -> str:
    """Return the rules that give drawings the page's own colours, light or dark."""
    from t2ibench_reports.rendering.figures import THEME

    return "".join(f'.charts [{field}="{colour}"]{{{field}:var({name})}}\n' for colour, name in THEME.items())


def environment() -> Environment:
    """Return the template engine with the filters that the templates use."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        clean=format.clean,
        coded=lambda text: Markup(_CODE.sub(r"<code>\1</code>", str(escape(text)))),  # escaped before anything is added
        count=format.count,
        short_count=format.short_count,
        significant=format.significant,
        typographic=lambda text: re.sub(r"(?<![\w.])-(?=\d)", "\u2212", str(text)),
    )
    made.globals["Markup"] = Markup
    return made


def part(name: str) -> str:
    """Return a style or a script of the templates' folder."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def policy(style: str, script: str = "") -> str:
    """Return a content security policy: this style, this script, inlined images; whatever slips in cannot run."""

    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    rules = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": source(style),
        "script-src": source(script) if script else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def anchors_of(ids: list[str]) -> dict[str, str]:
    """Return record id -> anchor, unique on the page whatever the ids hold."""
    holders: dict[str, str] = {}
    for one in dict.fromkeys(ids):
        stem = "record-" + re.sub(r"[^0-9A-Za-z]", "", one)[:12]
        anchors = (f"{stem}-{copy}" if copy > 1 else stem for copy in count(1))
        holders[next(anchor for anchor in anchors if anchor not in holders)] = one
    return {one: anchor for anchor, one in holders.items()}


def record_facts(cell: Cell, column: Column) -> list[tuple[str, str]]:
    """Return (name, text) pairs: what a reader of one number wants to know before the full record."""
    record = cell.record
    facts = [("Value", format.value_with_interval(record, column.decimals))]
    if record.value is not None:
        facts += [("Unrounded", repr(record.value)), ("Images", format.count(record.n))]
    if record.interval is not None:
        method = format.clean(record.interval.method)
        facts.append(("Interval", f"{record.interval.level * 100:g}%, {method}"))
    if cell.standing is not None:
        facts.append(("Place", cell.standing.text))
    facts += [("Spread, as papers give it", spread) for spread in format.spreads(record)]
    if record.judge_seen_in_training:
        facts.append(("Judge", "seen in training: this value is partly circular"))
    facts += [("Warning", format.clean(warning)) for warning in record.warnings]
    facts += _cost_facts(record)
    facts += [("Note", format.clean(note)) for note in record.source.notes]
    for name, text in (("Paper", record.source.paper), ("Licence", record.source.licence), ("Made", record.created)):
        if text:
            facts.append((name, format.clean(text)))
    return facts


def _cost_facts(record: ResultRecord) -> list[tuple[str, str]]:
    if record.cost is None:
        return []
    parts = [f"{format.significant(record.cost.seconds)} s"]
    if record.cost.images_per_second is not None:
        parts.append(f"{format.significant(record.cost.images_per_second)} images/s")
    if record.cost.peak_memory_bytes is not None:
        parts.append(f"{format.memory(record.cost.peak_memory_bytes)} peak memory")
    return [("Cost", ", ".join(parts))]
