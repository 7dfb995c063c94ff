"""The table as data: CSV with one line a value, and JSON with the table and every record behind it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from t2ibench_reports._format import clean
from t2ibench_reports._tables import Cell, Column, Group, Leaderboard, Row

_FORMULA_STARTS = ("=", "+", "-", "@")
"""What a spreadsheet takes for a formula at the start of a text."""


def comma_separated(board: Leaderboard) -> str:
    """Return one line a value, measured or failed, with the whole identity of the number: the primary form."""
    return lines_of([line_of(group, row, column, cell) for group in board.groups for row, column, cell in group.cells])


def lines_of(lines: Sequence[Mapping[str, Any]]) -> str:
    """Return lines of one form as CSV, all digits kept; texts that a spreadsheet would execute are disarmed."""
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, fieldnames=list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _safe(value) for key, value in line.items()} for line in lines)
    return sheet.getvalue()


def json_text(board: Leaderboard) -> str:
    """Return the groups with their columns, rows, checks and full records."""
    content = {"schema": 1, "report": "leaderboard", "groups": [_group(group) for group in board.groups]}
    content["faults"] = list(board.faults)
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def line_of(group: Group, row: Row, column: Column, cell: Cell) -> dict[str, Any]:
    """Return all that is known of one value, under the names of the CSV's columns."""
    record, plan, metric, source = cell.record, group.plan, column.metric, row.source
    interval, standing, cost = record.interval, cell.standing, record.cost
    return {
        "dataset": plan.dataset,
        "split": plan.split,
        "protocol": plan.protocol,
        "section": row.section.value,
        "row": source.name,
        "title": source.title,
        "variant": source.variant,
        "origin": source.origin.value,
        "metric": metric.title,
        "status": record.status,
        "value": record.value,
        "interval_low": interval.low if interval else None,
        "interval_high": interval.high if interval else None,
        "interval_level": interval.level if interval else None,
        "interval_method": interval.method if interval else "",
        "n": record.n,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "verdict": cell.mark,
        "best_rank": standing.best_rank if standing else None,
        "worst_rank": standing.worst_rank if standing else None,
        "ranked": standing.of if standing else None,
        "judge_seen_in_training": record.judge_seen_in_training,
        "spread": "; ".join(f"{name}={value!r}" for name, value in sorted(record.spread.items())),
        "warnings": "; ".join(record.warnings),
        "error": record.error,
        "steps": source.steps,
        "trained_on": source.trained_on,
        "parameters": source.parameters,
        "training_images": source.training_images,
        "training_seconds": source.training_seconds,
        "seconds": cost.seconds if cost else None,
        "images_per_second": cost.images_per_second if cost else None,
        "peak_memory_bytes": cost.peak_memory_bytes if cost else None,
        "column": metric.column,
        "metric_subtitle": metric.subtitle,
        "features": metric.features.get("name", ""),
        "features_standing": column.standing,
        "seed": plan.seed if len(group.seeds) == 1 else " ".join(map(str, group.seeds)),
        "resolution": record.plan.resolution,
        "quantise": plan.quantise,
        "created": record.created,
        "record_id": record.id,
        "metric_digest": column.digest,
        "source_identity": source.identity,
        "manifest": plan.manifest,
        "plan_digest": plan.digest,
        "protocol_digest": plan.protocol_digest,
        "images_digest": record.images_digest,
    }


def _safe(value: Any) -> Any:
    """Return a value no spreadsheet will execute: a text that looks like a formula gets an apostrophe in front."""
    if isinstance(value, str):
        value = clean(value)
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return value


def _group(group: Group) -> dict[str, Any]:
    return {
        "plan": group.plan.model_dump(mode="json"),
        "seeds": list(group.seeds),
        "n": group.n,
        "sorted_by": group.sorted_by,
        "columns": [
            {
                "digest": column.digest,
                "title": column.title,
                "subtitle": column.subtitle,
                "no_verdict": column.no_verdict,
                "metric": column.metric.model_dump(mode="json"),
            }
            for column in group.columns
        ],
        "checks": [
            {"column": check.column, "verdict": check.verdict, "sentence": check.sentence} for check in group.checks
        ],
        "rows": [
            {
                "section": row.section.value,
                "label": row.label,
                "source": row.source.model_dump(mode="json"),
                "cells": [_cell(cell) for cell in row.cells],
            }
            for row in group.rows
        ],
    }


def _cell(cell: Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    standing = cell.standing
    ranks = {"best_rank": standing.best_rank, "worst_rank": standing.worst_rank, "of": standing.of} if standing else {}
    return {"verdict": cell.mark, **ranks, "record": cell.record.model_dump(mode="json", by_alias=True)}
