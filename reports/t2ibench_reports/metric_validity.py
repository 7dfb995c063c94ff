"""Whether the metrics measure what they claim: what each made of real images that were made worse on purpose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from pydantic import Field

from t2ibench.core.records import VALIDITY
from t2ibench_reports.kept import Kept, read_kept, require_kept
from t2ibench_reports.rendering.document import Document, Head, Part, Place, Section, facts_of_plan
from t2ibench_reports.rendering.drawings import Curve, Curves
from t2ibench_reports.rendering.rendered import FIGURES, rendered
from t2ibench_reports.table.format import clean, count
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pandas import DataFrame

    from t2ibench.core.interfaces import ReportInput

_LEAD: str = TEXTS["metric_validity"]["lead"]
_MARKS: dict[str, str] = TEXTS["metric_validity"]["marks"]
"""Verdict -> what a cell shows; see `t2ibench.studies.validity.verdicts.Finding`."""
_LEGEND: tuple[str, ...] = tuple(TEXTS["metric_validity"]["legend"])
_SPOTS: dict[str, str] = TEXTS["metric_validity"]["spots"]
_KEY: Final = {
    2: ("worse as it must", ("right", "mostly")),
    6: ("blind, the wrong way or failed", ("blind", "wrong way", "none")),
    1: ("moves though untouched, or in no order", ("moves too", "flattered", "unclear")),
    7: ("still as it must be", ("still",)),
    0: ("no claim", ("open",)),
}
"""Place of a colour -> (its meaning, its verdicts)."""
_COLUMNS: Final = (
    "dataset", "protocol", "column", "title", "corruption", "unit", "strength", "value", "true_alignment", "expected",
    "verdict", "monotone", "spearman", "spearman_true_alignment",
)  # fmt: skip


class _Row(Kept):
    corruption: str
    corruption_title: str
    unit: str
    strengths: tuple[float, ...]
    harms: tuple[str, ...]
    true_alignment: tuple[float, ...]
    column: str
    title: str
    higher_is_better: bool
    values: tuple[float | None, ...]
    expected: str
    spearman: float | None
    monotone: bool
    alignment: float | None
    verdict: str


class _Study(Kept):
    schema_: Literal[2] = Field(alias="schema")
    command: str
    dataset: str
    protocol: str
    seed: int
    n: int
    truth: str
    version: str
    measured: str
    columns: Mapping[str, str]
    rows: tuple[_Row, ...]

    @property
    def corruptions(self) -> list[_Row]:
        """Return a row of each corruption, in order."""
        return list({row.corruption: row for row in reversed(self.rows)}.values())[::-1]

    @property
    def titles(self) -> dict[str, str]:
        """Return column -> what names it: its title, with the column's own name where titles are equal."""
        titles = {row.column: clean(row.title) for row in self.rows}
        several = {title for title, times in Counter(titles.values()).items() if times > 1}
        return {column: f"{title} ({column})" if title in several else title for column, title in titles.items()}

    def at(self, column: str, corruption: str) -> _Row | None:
        """Return what a metric made of a corruption."""
        return next((row for row in self.rows if (row.column, row.corruption) == (column, corruption)), None)


class MetricValidity:
    """Which metrics notice which harm."""

    name: ClassVar[str] = "metric-validity"
    formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "tex", "json", "txt", *FIGURES)
    default_formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "json", "svg")

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return metric-validity.<format> -> content for each format asked for.

        `given.subjects` are names of studies; none means all.

        Raises:
            UserError: there are no studies, or a format is unknown.
        """
        found, faults = read_kept(given.images.parent, f"{VALIDITY}/*.json", _Study, "study of metrics of schema 2")
        studies = [study for path, study in found if not given.subjects or path.stem in given.subjects]
        advice = "`t2ibench validity` makes one of simulated birds."
        require_kept(studies, faults, "There are no studies of metrics in the results", advice)
        sections = tuple(section for study in studies for section in _sections(study))
        title = "Do the metrics measure what they claim?"
        document = Document(self.name, title, _LEAD, sections, (*given.faults, *faults))
        further = {"studies": [study.model_dump(mode="json") for study in studies]}
        return rendered(document, given.formats, self.formats, lambda: _frame(studies), lambda: further)


def _sections(study: _Study) -> Iterator[Section]:
    kinds, titles = study.corruptions, study.titles
    small = f"{study.dataset}, {study.protocol}, n {count(study.n)}, seed {study.seed}"
    facts = (
        ("Images", f"{count(study.n)} a row of {study.dataset}, seed {study.seed}"),
        ("Measured", f"{study.measured} by t2ibench {study.version}, protocol {study.protocol}"),
        ("Command", study.command),
    )
    metric, across = (
        Head("Metric", kind="name", sort="text"),
        [Head(one.corruption_title, kind="text") for one in kinds],
    )
    rows = tuple(
        (Place(title, kind="name"), *(_verdict(study.at(column, one.corruption)) for one in kinds))
        for column, title in titles.items()
    )
    yield Section(
        "Verdicts", small, facts_of_plan(facts), heads=(metric, *across), parts=(Part("", "measured", rows),),
        drawings=(_curves(study),), drawings_title="Values under each corruption", notes=_LEGEND,
    )  # fmt: skip
    yield Section("Blind spots", small, notes=tuple(_blind_spots(study)))
    yield _alignment(study, small)
    rows = tuple(
        (
            Place(one.corruption_title, kind="name"),
            Place(", ".join(one.harms), kind="text"),
            Place(f"{one.unit}: {', '.join(f'{step:g}' for step in one.strengths[1:])}", kind="text"),
        )
        for one in kinds
    )
    heads = (Head("Corruption", kind="name"), Head("Harms", kind="text"), Head("Strengths", kind="text"))
    yield Section("Corruptions", small, heads=heads, parts=(Part("", "measured", rows),))
    steps = [
        Head(text, kind="cost") for text in ("clean", *map(str, range(1, max(len(one.strengths) for one in kinds))))
    ]
    parts = [
        Part(
            one.corruption_title,
            "measured",
            tuple(
                (
                    Place(f"{titles[row.column]} {'↑' if row.higher_is_better else '↓'}", kind="name"),
                    *map(_value, row.values),
                    *[Place("-", kind="none")] * (len(steps) - len(row.values)),
                )
                for row in study.rows
                if row.corruption == one.corruption
            ),
        )
        for one in kinds
    ]
    notes = tuple(f"{title}: {clean(study.columns.get(column, ''))}." for column, title in titles.items())
    yield Section("Values", small, heads=(metric, *steps), parts=tuple(parts), notes=notes)


def _value(value: float | None) -> Place:
    return Place("failed" if value is None else f"{value:.4g}", kind="cost", value=value)


def _verdict(row: _Row | None) -> Place:
    if row is None:
        return Place("-", kind="none")
    rank = None if row.verdict == "still" else row.spearman  # of luck alone
    text = f"{_MARKS.get(row.verdict, row.verdict)} {'' if rank is None else f'{rank:+.2f}'}".strip()
    return Place(text or "-", kind="text", hint=row.verdict)


def _blind_spots(study: _Study) -> Iterator[str]:
    for column, title in study.titles.items():
        parts = []
        for verdict, words in _SPOTS.items():
            rows = [row for row in study.rows if (row.column, row.verdict) == (column, verdict)]
            if rows:
                parts.append(f"{words} {', '.join(row.corruption_title.lower() for row in rows)}")
        yield f"{title} {'; '.join(parts) if parts else 'has none among these corruptions'}."


def _alignment(study: _Study, small: str) -> Section:
    rows = [row for row in study.rows if row.alignment is not None]
    if not rows:
        none = "No metric of alignment was asked for, or no corruption of alignment whose truth is known."
        return Section("Alignment against the truth", small, notes=(none,))
    kinds = [one for one in study.corruptions if any(row.corruption == one.corruption for row in rows)]
    truth = {row.corruption: ", ".join(f"{100 * share:.0f}" for share in row.true_alignment) for row in rows}
    found = {(row.column, row.corruption): f"{row.alignment:+.2f}" for row in rows}
    metrics = [column for column in study.titles if any(row.column == column for row in rows)]

    def cells(name: str, texts: Iterable[str]) -> tuple[Place, ...]:
        return (Place(name, kind="name"), *(Place(text, kind="text") for text in texts))

    measured = tuple(
        cells(study.titles[column], (found.get((column, one.corruption), "-") for one in kinds)) for column in metrics
    )
    control = cells("Truth, %", (truth[one.corruption] for one in kinds))
    parts = (Part("", "control", (control,)), Part("", "measured", measured))
    meaning = (
        "the share of what the captions state that is true of the images they were handed (the data set's side file)"
        if study.truth == "statements"
        else "the share of captions that have their own image"
    )
    note = f"The truth is {meaning}. Rank correlation with it, over the clean images and the steps (1 is right)."
    heads = (Head("Metric", kind="name"), *(Head(one.corruption_title, kind="text") for one in kinds))
    return Section("Alignment against the truth", small, heads=heads, parts=parts, notes=(note,))


def _curves(study: _Study) -> Curves:
    """Return a small curve a metric and corruption, all of a metric on one scale, its best value on top."""
    colours = {verdict: place for place, (_, verdicts) in _KEY.items() for verdict in verdicts}
    rows = []
    for column, title in study.titles.items():
        own = {row.corruption: row for row in study.rows if row.column == column}
        values = [value for row in own.values() for value in row.values if value is not None]
        low, high = min(values, default=0.0), max(values, default=0.0)

        def share(value: float | None, up: bool, low: float = low, high: float = high) -> float | None:
            if value is None:
                return None
            place = 0.5 if high == low else (value - low) / (high - low)
            return place if up else 1 - place

        curves = (
            None
            if (row := own.get(one.corruption)) is None
            else Curve(
                tuple(share(value, row.higher_is_better) for value in row.values),
                f"{title}, {row.corruption_title}: {row.verdict}",
                colours.get(row.verdict, 0),
            )
            for one in study.corruptions
        )
        rows.append((title, tuple(curves)))
    heads = tuple(one.corruption_title for one in study.corruptions)
    key = tuple((place, words) for place, (words, _) in _KEY.items())
    said = "Clean images at the left of each field, the strongest corruption at the right; up is better."
    return Curves("Every metric under every corruption", heads, tuple(rows), key, said)


def _frame(studies: Sequence[_Study]) -> DataFrame:
    """Return a row a column, corruption and strength."""
    from pandas import DataFrame

    lines: list[dict[str, Any]] = [
        {
            **row.model_dump(include=set(_COLUMNS)),
            **{"dataset": study.dataset, "protocol": study.protocol, "strength": strength, "value": value},
            "true_alignment": row.true_alignment[place] if row.true_alignment else None,
            "spearman_true_alignment": row.alignment,
        }
        for study in studies
        for row in study.rows
        for place, (strength, value) in enumerate(zip(row.strengths, row.values, strict=True))
    ]
    return DataFrame(lines, columns=[*_COLUMNS])
