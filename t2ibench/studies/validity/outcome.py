"""What the study of metric validity finds: a row a metric and corruption."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from t2ibench.studies.validity.corruptions import Corruption
from t2ibench.studies.validity.verdicts import Finding, Series


@dataclass(frozen=True)
class Row:
    """One metric under one corruption."""

    corruption: Corruption
    series: Series
    finding: Finding
    truth: tuple[float, ...]


@dataclass(frozen=True)
class Study:
    """The outcome.

    Attributes:
        facts: data set, protocol, seed, images a row, version of the toolkit, day of the newest record.
        rows: corruption by corruption, the protocol's columns in order.
        subtitles: column -> its identity in short.
    """

    facts: Mapping[str, Any]
    rows: tuple[Row, ...]
    subtitles: Mapping[str, str]

    def describe(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        rows = [
            {
                "corruption": row.corruption.name,
                "corruption_title": row.corruption.title,
                "strengths": [0, *row.corruption.strengths],
                "unit": row.corruption.unit,
                "harms": sorted(row.corruption.harms),
                "true_alignment": list(row.truth),
                **dataclasses.asdict(row.series),
                **dataclasses.asdict(row.finding),
            }
            for row in self.rows
        ]
        return {"schema": 2, **self.facts, "columns": dict(self.subtitles), "rows": rows}
