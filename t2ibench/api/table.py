"""The outcome of an evaluation, as people look at it: text, data frame, page of a notebook, two rows compared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from t2ibench.core.errors import require_known
from t2ibench.core.interfaces import ReportInput
from t2ibench.core.place import Place
from t2ibench.core.reading.file_names import shown
from t2ibench.core.records import ResultRecord, frame_of
from t2ibench.core.registry import registry
from t2ibench.evaluation.compare import compare
from t2ibench.evaluation.measuring.table import Evaluation
from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, repr=False)
class Table:
    """Rows (whose images) by columns (metrics), on one data set and seed or several.

    Attributes:
        evaluations: one a data set and seed.
        request: what was asked.
        place: where.
    """

    evaluations: tuple[Evaluation, ...]
    request: EvaluateRequest
    place: Place

    @cached_property
    def records(self) -> tuple[ResultRecord, ...]:
        """Every number, or the reason why it could not be had, in the order of rows and columns.

        Of several processes that share an evaluation, those that do not lead have none.
        """
        return tuple(record for evaluation in self.evaluations for record in evaluation.records)

    def frame(self) -> DataFrame:
        """Return a row a number, every digit kept; the columns are told in docs/python.md.

        Among them "dataset", "row", "metric", "value", "interval_low", "interval_high", "n", "status" and "error".
        """
        return frame_of(self.records)

    def compare(self, first: str, second: str) -> DataFrame:
        """Return whether one row is better than another, paired by caption: a row a column of the table.

        "difference" is `first` less `second`, with its interval; "verdict" names the better row, or says "no clear
        difference" or "no verdict", the "reason" why.

        Args:
            first: name of a row of this table.
            second: another one.

        Raises:
            UserError: there is no such row (near names are given), or the two were not made for the same captions.
        """
        selectors = self._selectors
        require_known("row of this table", selectors, first, second)
        names = {selector: row for row, selector in selectors.items()}
        found = compare(selectors[first], selectors[second], self.request, self.place, names=names)
        verdicts = {"first": f"{first} is better", "second": f"{second} is better"}
        from pandas import DataFrame

        rows = [
            {
                "dataset": one.dataset,
                "seed": one.seed,
                "metric": column.title,
                **asdict(column),
                "interval_low": column.interval.low if column.interval else None,
                "interval_high": column.interval.high if column.interval else None,
                "interval_method": column.interval.method if column.interval else "",
                "verdict": verdicts.get(column.verdict, column.verdict),
            }
            for one in found
            for column in one.columns
        ]
        return DataFrame(rows).drop(columns=["title", "interval"])

    @property
    def failures(self) -> tuple[str, ...]:
        """Why numbers could not be had, each reason once."""
        return tuple(sorted({record.error for record in self.records if record.status == "failed"}))

    @property
    def empty(self) -> tuple[str, ...]:
        """Why columns have no number in any row."""
        reasons = {name: reason for evaluation in self.evaluations for name, reason in evaluation.empty.items()}
        return tuple(f"No row has a number for {name}: {reason}." for name, reason in reasons.items())

    def json(self) -> str:
        """Return the records as a JSON list."""
        return json.dumps([record.model_dump(mode="json", by_alias=True) for record in self.records], indent=2)

    def __str__(self) -> str:
        if not self.records:
            return ""
        given = ReportInput(self.records, [], Path("images"), ("txt",))
        return "".join(content.decode() for content in registry("reports")["leaderboard"]().render(given).values())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook: a row a source, a column a metric, with interval and identity."""
        from pandas import DataFrame, MultiIndex

        several = len(self.evaluations) > 1
        heads: dict[str, tuple[str, str]] = {}
        rows: dict[tuple[str, str, int], str] = {}
        cells: dict[tuple[object, str], str] = {}
        for record in self.records:
            metric, plan, source = record.metric, record.plan, record.source
            unit, arrow = f" ({metric.unit})" if metric.unit else "", "↑" if metric.higher_is_better else "↓"
            heads[metric.digest] = (f"{metric.title}{unit} {arrow}", metric.subtitle)
            row = (source.identity, plan.dataset, plan.seed)
            rows[row] = f"{source.title} [{plan.dataset}, seed {plan.seed}]" if several else source.title
            cells[row, metric.digest] = _cell(record)
        lines = [[cells.get((row, head), "") for head in heads] for row in rows]
        columns = MultiIndex.from_tuples(list(heads.values())) if heads else None
        frame = DataFrame(lines, index=list(rows.values()), columns=columns)
        return frame.to_html() + "".join(f"<p>{escape(one)}</p>" for one in (*self.failures, *self.empty))

    @property
    def _selectors(self) -> dict[str, str]:
        """Name of a row -> what `evaluation.compare` takes for it."""
        found: dict[str, str] = {}
        for one in resolve_tables(self.request, self.place):
            found |= {control: control for control in one.controls}
            found |= {model.label: str(model.path) for model in one.models}
            external = one.external
            own = [shown(folder.absolute().name) for folder in external.images]
            found |= dict(zip([*external.names, *own[len(external.names) :]], map(str, external.images), strict=False))
        return found


def _cell(record: ResultRecord) -> str:
    if record.value is None:
        return "failed"
    interval = record.interval
    value = f"{record.value:.4g}"
    return value if interval is None else f"{value} [{interval.low:.4g}, {interval.high:.4g}]"
