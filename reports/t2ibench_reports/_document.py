"""A report as data: sections with a table, drawings, images and notes, that every output format is rendered from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from t2ibench_reports import _format
from t2ibench_reports._chart import Chart
from t2ibench_reports._images import Tile
from t2ibench_reports._scatter import Scatter
from t2ibench_reports._tables import Cell as RecordCell
from t2ibench_reports._tables import Column, Row
from t2ibench_reports._whiskers import Whisker, whisker

MARKS = {"best": "*", "tied": "≈", "": ""}


@dataclass(frozen=True)
class Head:
    """The head of a column.

    `kind` is "name", "value", "reported", "text" or "cost". `sort` is "higher" or "lower" where a click on it sorts by
    values, better ones first, "text" where it sorts by what is written, "" where rows have no order by it.
    """

    text: str
    subtitle: str = ""
    kind: str = "value"
    badge: str = ""
    sort: str = ""


@dataclass(frozen=True)
class Place:
    """What stands in one place of a table.

    Attributes:
        text: the first line.
        below: the second, smaller: an interval, a status.
        kind: "name", "value", "reported", "failed", "none", "text" or "cost".
        mark: "best", "tied" or "" of a value.
        signs: signs behind a value, † and !.
        hint: what is told of it on demand.
        drawing: where it lies within its column.
        record: id of the record behind it, "" for none.
        value: what the column sorts by, None for what stays last.
        origin: of the row, in the place that names it; what the page's filter reads.
    """

    text: str
    below: str = ""
    kind: str = "value"
    mark: str = ""
    signs: str = ""
    hint: str = ""
    drawing: Whisker | None = None
    record: str = ""
    value: float | None = None
    origin: str = ""

    @property
    def plain(self) -> str:
        """Return it in one line."""
        first = self.text + MARKS[self.mark] + self.signs
        if not self.below:
            return first
        return f"{first} ({self.below})" if self.kind in ("name", "reported", "text") else f"{first} {self.below}"


@dataclass(frozen=True)
class Part:
    """Rows under a heading. `kind` is "measured", "earlier" or "control"; the first place of a row names it."""

    title: str
    kind: str
    rows: tuple[tuple[Place, ...], ...]


@dataclass(frozen=True)
class Grid:
    """Images in rows and columns; None where there is none."""

    corner: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Tile | None, ...]], ...]
    hint: str = ""
    title: str = "Samples"


@dataclass(frozen=True)
class View:
    """One look inside a model while it draws: images with a label each, or (word, value in 0..1, text) bars."""

    title: str
    tiles: tuple[Tile, ...] = ()
    bars: tuple[tuple[str, float, str], ...] = ()


@dataclass(frozen=True)
class Inside:
    """What a model shows while it draws one caption."""

    title: str
    caption: str
    views: tuple[View, ...]


@dataclass(frozen=True)
class Section:
    """One question's part of a report.

    Attributes:
        title: heading.
        small: behind it.
        facts: (name, text) pairs under the heading.
        warning: a sentence that is seen first.
        heads: of the table; empty for none.
        parts: its rows.
        charts: drawings.
        charts_title: their heading.
        scatters: drawings of two rows' values, caption by caption.
        grids: images.
        insides: how images came about.
        notes: sentences.
        records: rows, columns and cells behind the table.
        dataset: that it is about, for the page's filter; "" for none.
        protocol: likewise.
    """

    title: str
    small: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    warning: str = ""
    heads: tuple[Head, ...] = ()
    parts: tuple[Part, ...] = ()
    charts: tuple[Chart, ...] = ()
    charts_title: str = "Against training steps"
    scatters: tuple[Scatter, ...] = ()
    grids: tuple[Grid, ...] = ()
    insides: tuple[Inside, ...] = ()
    notes: tuple[str, ...] = ()
    records: tuple[tuple[Row, Column, RecordCell], ...] = ()
    dataset: str = ""
    protocol: str = ""

    @property
    def rows(self) -> list[tuple[Place, ...]]:
        """Return the rows of all parts."""
        return [row for part in self.parts for row in part.rows]


@dataclass(frozen=True)
class Document:
    """A whole report: its registered name, its title, how to read it, its sections, what could not be read.

    `no_figure` is the sentence for who asks for its drawings where it has none.
    """

    name: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    faults: tuple[str, ...] = ()
    no_figure: str = "This report has no drawings."


def value_place(cell: RecordCell | None, column: Column, *, scaled: bool = True) -> Place:
    """Return the place of a measured value, a failure or of nothing."""
    if cell is None:
        return Place("not measured", kind="none")
    record = cell.record
    if record.value is None:
        return Place(_format.shortened(_format.failure(record), 90), kind="failed", record=record.id)
    below = _format.bounds(record.interval, column.decimals) if record.interval else "; ".join(_format.spreads(record))
    if cell.other_n:
        below = f"{below} n={_format.count(record.n)}".strip()
    hints = [_format.clean(warning) for warning in record.warnings]
    if record.judge_seen_in_training:
        hints.insert(0, "The model was trained with the network that judges here.")
    return Place(
        _format.number(record.value, column.decimals),
        below or "no interval",
        mark=cell.mark,
        signs="†" * record.judge_seen_in_training + "!" * bool(record.warnings),
        hint=" ".join(hints),
        drawing=whisker(record, column.scale) if scaled else None,
        record=record.id,
        value=record.value,
    )


def head_of(column: Column) -> Head:
    """Return the head of a measured column."""
    badge = {"stand-in": "stand-in network", "random": "random network: not ranked"}.get(column.standing, "")
    better = "higher" if column.metric.higher_is_better else "lower"
    return Head(f"{column.title} {column.arrow}", column.subtitle, badge=badge, sort=better)


def facts_of_plan(plan_facts: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the facts that say something, cleaned."""
    return tuple((name, _format.clean(text)) for name, text in plan_facts if text)
