"""Values as pandas data frames, and frames as CSV and JSON, every digit kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from t2ibench.core.records import frame_of
from t2ibench_reports.rendering.document import Document
from t2ibench_reports.table.format import clean
from t2ibench_reports.table.tables import Cell, Column, Group, Row

if TYPE_CHECKING:
    from pandas import DataFrame

Values = tuple[Group, Row, Column, Cell]
_FORMULA_STARTS = ("=", "+", "-", "@")
"""What a spreadsheet takes for a formula at the start of a text."""


def values_frame(values: Sequence[Values]) -> DataFrame:
    """Return a row a value, measured or failed, with its whole identity and its place in its table.

    Columns are those of `Results.frame()`, and "section", "verdict", "best_rank", "worst_rank" and "ranked".
    """
    from pandas import Series

    frame = frame_of(cell.record for _, _, _, cell in values)
    standings = [cell.standing for _, _, _, cell in values]
    frame.insert(3, "section", [row.section.value for _, row, _, _ in values])
    after = 1 + list(frame.columns).index("higher_is_better")
    frame.insert(after, "verdict", [cell.mark for _, _, _, cell in values])
    for place, (name, field) in enumerate((("best_rank",) * 2, ("worst_rank",) * 2, ("ranked", "of")), start=1):
        frame.insert(after + place, name, Series([getattr(one, field, None) for one in standings], dtype="Int64"))
    if any(row.trainings for _, row, _, _ in values):
        frame["trainings"] = [row.trainings for _, row, _, _ in values]
    if any(len(group.seeds) > 1 for group, *_ in values):
        frame["seed"] = [" ".join(map(str, group.seeds or (group.plan.seed,))) for group, *_ in values]
    return frame


def comma_separated(frame: DataFrame) -> str:
    """Return a frame as CSV, the primary form; texts that a spreadsheet would execute are disarmed."""
    return str(frame.map(_safe).to_csv(index=False, lineterminator="\n"))


def json_text(document: Document, frame: DataFrame, further: Mapping[str, Any]) -> str:
    """Return a report as JSON: what it has further, its values, the controls' verdicts, every record behind it."""
    records = {cell.record.id: cell.record for section in document.sections for _, _, cell in section.records}
    content = {
        "schema": 2,
        "report": document.name,
        **further,
        "values": frame.astype(object).where(frame.notna(), None).to_dict("records"),
        "checks": [
            {"table": section.whole_title, "column": one.column, "verdict": one.verdict, "sentence": one.sentence}
            for section in document.sections
            for one in section.checks
        ],
        "records": [record.model_dump(mode="json", by_alias=True) for record in records.values()],
        "faults": list(document.faults),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _safe(value: Any) -> Any:
    """Return a value no spreadsheet will execute: a text that looks like a formula gets an apostrophe in front."""
    if isinstance(value, str):
        value = clean(value)
        return f"'{value}" if value.lstrip("'").startswith(_FORMULA_STARTS) else value
    return value
