"""Comparison with previous methods: what papers print on CUB and COCO, and what was measured here of the same kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from t2ibench.core.spec.reported import Figure, PrintedRow, Reported, printed_rows
from t2ibench_reports.rendering.document import Document, Head, Part, Place, Section, value_place
from t2ibench_reports.rendering.rendered import TableReport, rendered
from t2ibench_reports.table.tables import ORIGIN_TITLES, SECTION_TITLES, Cell, Group, Row, build
from t2ibench_reports.table.tables import Column as Measure
from t2ibench_reports.table.tables import Section as Part_of
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pandas import DataFrame

    from t2ibench.core.interfaces import ReportInput

_LEAD: str = TEXTS["previous"]["lead"]
_NOTHING = Place("-", kind="reported")
_DATASETS = ("cub", "coco")
_TITLES = {"inception_score": "IS", "fid": "FID", "fid_tf": "FID", "r_precision": "R-precision (%)"}
_NOTES: tuple[str, ...] = tuple(TEXTS["previous"]["notes"])


@dataclass(frozen=True)
class _Column:
    """A kind of figure on one data set. `name` is the column of benchmarks.toml that measures alike, "" for none."""

    dataset: str
    metric: str
    name: str

    @property
    def head(self) -> Head:
        lower = self.metric.startswith("fid")
        title = f"{self.dataset.upper()} {_TITLES[self.metric]} {'↓' if lower else '↑'}"
        kind = self.name or "unstated"
        return Head(title, kind, "reported", sort="lower" if lower else "higher", terse=f"{title} {kind}")

    def of(self, row: PrintedRow) -> tuple[Reported, Figure] | None:
        """Return what a row prints of this kind."""
        for reported in row.reported:
            figure = reported.figures.get(self.metric) if reported.dataset == self.dataset else None
            if figure is not None and figure.column == self.name:
                return reported, figure
        return None


class Previous(TableReport):
    """The talk's table "Comparison with previous methods", and what was printed since."""

    name: ClassVar[str] = "previous"

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return previous.<format> -> content for each format asked for; it needs no results.

        Raises:
            UserError: a format is unknown.
        """
        groups = build(given.records, ()).groups
        talk = [row for row in printed_rows() if row.talk]
        sections = [
            _section("Comparison with previous methods", "as in AttnGAN's talk", talk, "inception_score", groups)
        ]
        for metric, title in (("inception_score", "Inception score"), ("fid", "FID"), ("r_precision", "R-precision")):
            sections.append(_section(title, "all that was found", printed_rows(), metric, groups))
        document = Document(self.name, "Comparison with previous methods", _LEAD, tuple(sections))
        return rendered(document, given.formats, self.formats, _frame)


def _section(title: str, small: str, rows: Sequence[PrintedRow], metric: str, groups: Sequence[Group]) -> Section:
    columns = _columns(rows, metric)
    printed = [
        (_name(row.title, f"{row.paper} · {row.what}", "reported"), *(_place(column, row) for column in columns))
        for row in rows
        if any(column.of(row) for column in columns)
    ]
    parts = [Part(SECTION_TITLES[Part_of.REPORTED], "reported", tuple(printed))]
    if measured := _measured(columns, groups):
        parts.insert(0, Part(SECTION_TITLES[Part_of.MEASURED], "measured", tuple(measured)))
    heads = (Head("Method", kind="name", sort="text"), *(column.head for column in columns))
    return Section(title, small, heads=heads, parts=tuple(parts), notes=_NOTES)


def _columns(rows: Sequence[PrintedRow], metric: str) -> list[_Column]:
    """Return the columns of a metric that any row has a figure for, by data set; those of no known kind come last."""
    found = {
        _Column(reported.dataset, name, figure.column)
        for row in rows
        for reported in row.reported
        for name, figure in reported.figures.items()
        if name.partition("_tf")[0] == metric
    }
    return sorted(found, key=lambda one: (_DATASETS.index(one.dataset), not one.name, one.metric, one.name))


def _name(label: str, details: str, origin: str) -> Place:
    return Place(label, details, "name", origin=origin)


def _place(column: _Column, row: PrintedRow) -> Place:
    found = column.of(row)
    if found is None:
        return _NOTHING
    reported, figure = found
    return Place(figure.text, reported.status, "reported", hint=reported.source, value=figure.value)


def _measured(columns: Sequence[_Column], groups: Sequence[Group]) -> list[tuple[Place, ...]]:
    """Return the rows that were measured here by the same columns, of each the table of most images."""
    rows: dict[str, Row] = {}
    places: dict[tuple[str, _Column], Place] = {}
    for column in columns:
        for row, measure, cell in (found for group in groups for found in _alike(column, group)):
            rows.setdefault(row.key, row)
            places.setdefault((row.key, column), value_place(cell, measure, scaled=False, ranked=False))
    return [
        (
            _name(row.label, " · ".join(row.details), ORIGIN_TITLES[row.source.origin]),
            *(places.get((key, column), _NOTHING) for column in columns),
        )
        for key, row in rows.items()
    ]


def _alike(column: _Column, group: Group) -> list[tuple[Row, Measure, Cell]]:
    """Return what a table measured of models by a column."""
    return [
        found
        for found in group.cells
        if group.plan.dataset == column.dataset
        and found[1].metric.column == column.name
        and found[0].section is Part_of.MEASURED
    ]


def _frame() -> DataFrame:
    """Return a row a printed figure."""
    from pandas import DataFrame

    return DataFrame(
        [
            {
                "method": row.title,
                "model": row.model,
                "paper": row.paper,
                "weights": row.what,
                "dataset": reported.dataset,
                "metric": metric.partition("_tf")[0],
                "column": figure.column,
                "value": figure.value,
                "spread": figure.spread,
                "status": reported.status,
                "source": reported.source,
            }
            for row in printed_rows()
            for reported in row.reported
            for metric, figure in reported.figures.items()
        ]
    )
