"""Printed figures as records of origin "reported", so that a table shows them greyed and never ranks them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from t2ibench.core.files import digest_of
from t2ibench.core.records import MetricRecord, ResultRecord, SourceRecord
from t2ibench.core.spec.reported import Figure, PrintedRow, Reported, printed_rows
from t2ibench.core.types import Origin
from t2ibench_reports.table.format import PRINTED

_FROM_MEMORY = "from memory, not looked up in the source; do so before relying on it"


def printed_figures(dataset: str, column: str) -> Iterator[tuple[PrintedRow, Reported, Figure]]:
    """Yield what is printed on a data set of what a column of benchmarks.toml measures."""
    for row in printed_rows():
        for reported in row.reported:
            for figure in reported.figures.values():
                if reported.dataset == dataset and figure.column == column:
                    yield row, reported, figure


def with_printed(records: Iterable[ResultRecord]) -> list[ResultRecord]:
    """Return the records of one plan and, behind them, those of what is printed of the same columns.

    A printed figure takes the identity of the measured column whose name its profile has; its row says whose it is and
    whether it was verified.
    """
    records = list(records)
    plan = records[0].plan
    metrics: dict[str, MetricRecord] = {}
    for record in records:
        metrics.setdefault(record.metric.digest, record.metric)
    found = list(records)
    for metric in metrics.values():
        for row, reported, figure in printed_figures(plan.dataset, metric.column):
            source = SourceRecord(
                name=f"{row.title}, {row.paper}",
                title=row.title,
                variant=f"{row.paper}, {reported.status}",
                origin=Origin.REPORTED,
                identity=digest_of([row.title, row.paper, reported.status]),
                paper=f"{row.paper}; {reported.source}",
            )
            found.append(
                ResultRecord(
                    id=ResultRecord.key(source, plan, metric),
                    created="",
                    source=source,
                    plan=plan,
                    metric=metric,
                    status="ok",
                    value=figure.value,
                    spread={} if figure.spread is None else {PRINTED: figure.spread},
                    warnings=(_FROM_MEMORY,) if reported.status == "from memory" else (),
                )
            )
    return found
