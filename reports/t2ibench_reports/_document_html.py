"""A document as one self-contained page: no script is needed to read it, and nothing is fetched to show it."""

from __future__ import annotations

import json

from t2ibench_reports import _format
from t2ibench_reports._document import Document
from t2ibench_reports._html import record_facts
from t2ibench_reports._page import SCRIPTS, anchors_of, environment, part, policy
from t2ibench_reports._whiskers import WIDTH


def page(document: Document) -> str:
    """Return the page. Everything that comes from records is escaped by the template engine."""
    style, script = part("report.css") + part("document.css"), "".join(map(part, SCRIPTS))
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
            format=_format,
            record_facts=record_facts,
            whisker_width=WIDTH,
            record_json=lambda record: json.dumps(
                record.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False
            ),
        )
    )
