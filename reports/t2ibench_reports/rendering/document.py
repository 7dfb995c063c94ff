"""A report as data: sections with a table, drawings, images and notes, that every output format is rendered from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from t2ibench.core.types import Origin
from t2ibench_reports.rendering.drawings import Drawing
from t2ibench_reports.rendering.images import Tile
from t2ibench_reports.table import format
from t2ibench_reports.table.controls import Check
from t2ibench_reports.table.tables import Cell as RecordCell
from t2ibench_reports.table.tables import Column, Group, Row
from t2ibench_reports.table.whiskers import Whisker, whisker

MARKS = {"best": "*", "tied": "≈", "": ""}
SEEN = "judge seen"


@dataclass(frozen=True)
class Head:
    """The head of a column.

    `kind` is "name", "value", "reported", "text" or "cost". `sort` is "higher" or "lower" where a click on it sorts by
    values, better ones first, "text" where it sorts by what is written, "" where rows have no order by it. `terse` is
    the head where there is no room for a subtitle, "" for the same text.
    """

    text: str
    subtitle: str = ""
    kind: str = "value"
    badge: str = ""
    sort: str = ""
    terse: str = ""

    @property
    def plain(self) -> str:
        """Return it in one line; a measure's subtitle stands in the notes."""
        return self.terse or self.text


@dataclass(frozen=True)
class Place:
    """What stands in one place of a table.

    Attributes:
        text: the first line.
        below: the second, smaller: an interval, a status.
        kind: "name", "value", "reported", "failed", "none", "text" or "cost".
        mark: "best", "tied" or "" of a value.
        signs: signs behind a value, † and !.
        hint: what is told of it on demand; the whole reason of a failure.
        drawing: where it lies within its column.
        record: id of the record behind it, "" for none.
        value: what the column sorts by, None for what stays last.
        origin: of the row, in the place that names it; what the page's filter reads.
        standing: its rank, as in "rank 2 to 3 of 8", or why it has none; "" for nothing to say.
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
    standing: str = ""

    @property
    def plain(self) -> str:
        """Return it in one line."""
        signs = MARKS[self.mark] + self.signs
        if not self.below:
            return self.text + signs
        if self.kind in ("name", "reported", "text"):
            return f"{self.text}{signs} ({self.below})"
        return f"{self.text} {self.below}{signs}"


@dataclass(frozen=True)
class Part:
    """Rows under a heading. `kind` is "measured", "earlier", "control" or "reported"; a row's first place names it."""

    title: str
    kind: str
    rows: tuple[tuple[Place, ...], ...]


@dataclass(frozen=True)
class Strip:
    """A row of images, None where there is none. `captioned`: each has its own caption below it."""

    name: str
    tiles: tuple[Tile | None, ...]
    details: str = ""
    kind: str = ""
    origin: str = ""
    captioned: bool = False


@dataclass(frozen=True)
class Grid:
    """Images in rows and columns. `by_source`: a row is a source and a column a caption, else the other way round."""

    corner: str
    heads: tuple[tuple[str, str], ...]
    rows: tuple[Strip, ...]
    hint: str = ""
    title: str = "Samples"
    by_source: bool = False

    def alternative(self, row: Strip, place: int) -> str:
        """Return what stands for an image where none is shown."""
        tile = row.tiles[place]
        caption = tile.caption if tile else ""
        return f"{row.name if self.by_source else self.heads[place][0]}: " + (
            caption or ("" if self.by_source else row.name) or "sample image"
        )


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
        plan: likewise, short ones that stand side by side.
        checks: the controls' verdicts; failed ones are seen first.
        heads: of the table; empty for none.
        parts: its rows.
        runs: rows of single trainings whose means stand in the table, for who asks.
        drawings: figures.
        drawings_title: their heading.
        grids: images.
        insides: how images came about.
        notes: sentences.
        caption: sentences that a paper's table has in place of the notes; empty for the notes.
        label: of a paper's table; "" for one made of its number.
        records: rows, columns and cells behind the table.
        dataset: that it is about, for the page's filter; "" for none.
        protocol: likewise.
    """

    title: str
    small: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    plan: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
    heads: tuple[Head, ...] = ()
    parts: tuple[Part, ...] = ()
    runs: tuple[tuple[Place, ...], ...] = ()
    drawings: tuple[Drawing, ...] = ()
    drawings_title: str = "Against training steps"
    grids: tuple[Grid, ...] = ()
    insides: tuple[Inside, ...] = ()
    notes: tuple[str, ...] = ()
    caption: tuple[str, ...] = ()
    label: str = ""
    records: tuple[tuple[Row, Column, RecordCell], ...] = ()
    dataset: str = ""
    protocol: str = ""

    @property
    def failed(self) -> tuple[Check, ...]:
        """Return the controls that are out of their band."""
        return tuple(check for check in self.checks if check.verdict == "failed")

    @property
    def whole_title(self) -> str:
        """Return the heading with what stands behind it."""
        return f"{self.title}, {self.small}" if self.small else self.title

    @property
    def subtitles(self) -> list[str]:
        """Return a sentence a measure on what exactly it is."""
        return [f"{bare(head)}: {head.subtitle}." for head in self.heads if head.subtitle and head.kind == "value"]


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


def section_on(group: Group, **content: Any) -> Section:
    """Return a section about a table's question, headed by it.

    Args:
        group: the table.
        content: the section's other fields.
    """
    plan = group.plan
    seeds = " ".join(map(str, group.seeds))
    heading = {
        "title": plan.dataset,
        "small": f"{plan.protocol}, n {format.count(group.n)}{f', seed {seeds}' if seeds else ''}",
        "dataset": plan.dataset,
        "protocol": plan.protocol,
    }
    return Section(**{name: format.clean(text) for name, text in heading.items()} | content)


def value_place(cell: RecordCell | None, column: Column, *, scaled: bool = True, ranked: bool = True) -> Place:
    """Return the place of a measured value, a failure or of nothing.

    Args:
        cell: the value.
        column: its column.
        scaled: whether it is drawn where it lies in its column.
        ranked: whether its place among the column's values is told.
    """
    if cell is None:
        return Place("not measured", kind="none")
    record = cell.record
    if record.value is None:
        reason = format.failure(record)
        return Place(format.shortened(reason, 90), kind="failed", record=record.id, hint=reason)
    below = format.bounds(record.interval, column.decimals) if record.interval else "; ".join(format.spreads(record))
    if cell.other_n:
        below = f"{below} n={format.count(record.n)}".strip()
    hints = [format.clean(warning) for warning in record.warnings]
    if record.judge_seen_in_training:
        hints.insert(0, "The model was trained with the network that judges here.")
    return Place(
        format.number(record.value, column.decimals),
        below or ("" if record.source.origin is Origin.REPORTED else "no interval"),
        mark=cell.mark if ranked else "",
        signs="†" * record.judge_seen_in_training + "!" * bool(record.warnings),
        hint=" ".join(hints),
        drawing=whisker(record, column.scale) if scaled else None,
        record=record.id,
        value=record.value,
        standing=""
        if not ranked
        else cell.standing.text
        if cell.standing
        else SEEN
        if record.judge_seen_in_training
        else "",
    )


def runs_of(rows: Iterable[Row], written: Callable[[Row], tuple[Place, ...]]) -> tuple[tuple[Place, ...], ...]:
    """Return the places of the single trainings of rows, `written` as the rows are."""
    return tuple(written(run) for row in rows for run in row.runs)


def cost_place(value: float | None, text: str = "") -> Place:
    """Return the place of what something cost; `text` is how it is written, its digits in thousands unless given."""
    if value is None:
        return Place("-", kind="cost")
    return Place(text or format.count(int(value)), kind="cost", value=value)


def bare(head: Head) -> str:
    """Return the head's text without its arrow."""
    return head.text.rstrip(" ↑↓")


def head_of(column: Column) -> Head:
    """Return the head of a measured column."""
    badge = {"stand-in": "stand-in network", "random": "random network: not ranked"}.get(column.standing, "")
    better = "higher" if column.metric.higher_is_better else "lower"
    return Head(f"{column.title} {column.arrow}", column.subtitle, badge=badge, sort=better)


def facts_of_plan(plan_facts: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the facts that say something, cleaned."""
    return tuple((name, format.clean(text)) for name, text in plan_facts if text)
