"""Two rows against each other: their values, the paired differences that `t2ibench compare` found, their images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from t2ibench.core.errors import UserError
from t2ibench_reports.details.pairs import caption_lines, captions_of
from t2ibench_reports.details.rows import board_of, check_name, details_of, find_row, name_of, sample_grids
from t2ibench_reports.rendering.document import Document, Head, Part, Place, Section, section_on, value_place
from t2ibench_reports.rendering.rendered import FIGURES, TableReport, rendered
from t2ibench_reports.table.format import clean, number, sentence_list
from t2ibench_reports.table.ranking import clearly_better
from t2ibench_reports.table.tables import Cell, Column, Group, Row
from t2ibench_reports.table.trainings import t_interval
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame

    from t2ibench.core.interfaces import ReportInput
    from t2ibench.core.records import ResultRecord

_LEAD: str = TEXTS["compare"]["lead"]
CAPTIONS = "captions"
TRAINING = "training"
_VERDICTS = {"first": "first is better", "second": "second is better"}
_LUCK: dict[str, str] = TEXTS["compare"]["luck"]
_ASK: str = TEXTS["compare"]["ask"]
_NO_FIGURE: str = TEXTS["compare"]["no_figure"]


@dataclass(frozen=True)
class _Found:
    """A column's difference. `paired` says whether the interval rests on pairs, `covers` whose luck it knows."""

    difference: float | None
    interval_low: float | None
    interval_high: float | None
    paired: bool
    verdict: str
    covers: str = CAPTIONS
    reason: str = ""


@dataclass(frozen=True)
class _Line:
    column: Column
    first: Place
    second: Place
    found: _Found


class _Pair(NamedTuple):
    group: Group
    first: Row
    second: Row
    lines: tuple[_Line, ...]


class Compare(TableReport):
    """Whether one row is better than another."""

    name: ClassVar[str] = "compare"
    subjects: ClassVar[tuple[str, ...]] = ("A", "B")
    formats: ClassVar[tuple[str, ...]] = (*TableReport.formats, *FIGURES)

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return compare.<format> -> content for each format asked for.

        Raises:
            UserError: a row is unknown (near names are given), no table has both, or a format is unknown.
        """
        board = board_of(given, self.name)
        one, other = given.subjects
        for name in (one, other):
            check_name(name, board)
        pairs = [
            _Pair(group, first, second, tuple(_lines(group, first, second, given.comparisons)))
            for group in board.groups
            if (first := find_row(one, group)) and (second := find_row(other, group)) and first is not second
        ]
        if not pairs:
            raise UserError(
                f"No table has both {clean(one)} and {clean(other)} as two rows. `t2ibench eval --models "
                f"{clean(one)},{clean(other)}` measures them on the same captions."
            )
        sections = tuple(_section(pair, given.images, given.details) for pair in pairs)
        title = f"{pairs[0].first.label} against {pairs[0].second.label}"
        document = Document(self.name, title, _LEAD, sections, board.faults, _NO_FIGURE)
        return rendered(
            document,
            given.formats,
            self.formats,
            lambda: _frame(pairs),
            lambda: {"captions": [line for pair in pairs for line in caption_lines(*pair[:3], given.details)]},
        )


def _lines(group: Group, first: Row, second: Row, comparisons: Sequence[Mapping[str, Any]]) -> Iterator[_Line]:
    stored = _stored(group, first, second, comparisons)
    for column, ours, theirs in zip(group.columns, first.cells, second.cells, strict=True):
        if ours is None and theirs is None:
            continue
        # Places among all rows of the table would say another thing than the verdict on these two.
        one, other = (value_place(cell, column, scaled=False, ranked=False) for cell in (ours, theirs))
        found = _over_trainings(column, _by_seed(first, column), _by_seed(second, column)) or stored.get(column.digest)
        yield _Line(column, one, other, found or _by_own_intervals(column, ours, theirs, len(group.seeds)))


def _by_own_intervals(column: Column, ours: Cell | None, theirs: Cell | None, seeds: int) -> _Found:
    if ours is None or theirs is None or ours.record.value is None or theirs.record.value is None:
        return _Found(None, None, None, paired=False, verdict="no verdict", reason="a row has no value")
    one, other, verdict, reason = ours.record, theirs.record, "not told apart", ""
    if one.judge_seen_in_training != other.judge_seen_in_training:
        reason = "one row was trained with this judge, the other was not"
    elif one.n != other.n:
        reason = "the rows rest on other numbers of images"
    elif column.standing == "random":
        reason = "its network has random weights"
    elif one.interval is None or other.interval is None or seeds > 1:
        reason = "a row has no interval"
    elif clearly_better(one, other):
        verdict = _VERDICTS["first"]
    elif clearly_better(other, one):
        verdict = _VERDICTS["second"]
    difference = ours.record.value - theirs.record.value
    verdict = "no verdict" if reason else verdict
    return _Found(difference, None, None, paired=False, verdict=verdict, reason=reason)


def _by_seed(row: Row, column: Column) -> dict[int, ResultRecord]:
    """Return training seed -> its record in a column; empty for a row of one training."""
    records = [cell.record for run in row.runs for cell in run.cells if cell is not None]
    found = [one for one in records if one.metric.digest == column.digest and one.value is not None]
    return {one.source.seed: one for one in found if one.source.seed is not None}


def _over_trainings(
    column: Column, ours: Mapping[int, ResultRecord], theirs: Mapping[int, ResultRecord]
) -> _Found | None:
    """Return the comparison of two rows of several trainings, seed by seed; None with fewer than two shared seeds."""
    seeds = sorted(set(ours) & set(theirs))
    differences = [(ours[seed].value or 0.0) - (theirs[seed].value or 0.0) for seed in seeds]
    ends = t_interval(differences)
    if ends is None or column.no_verdict:
        return None
    mean, low, high = ends
    side = 1 if column.metric.higher_is_better else -1
    verdict = "not told apart"
    if low > 0 or high < 0:
        verdict = _VERDICTS["first" if side * mean > 0 else "second"]
    return _Found(*ends, True, verdict, TRAINING, f"paired by training seed: {', '.join(map(str, seeds))}")


def _stored(group: Group, first: Row, second: Row, comparisons: Sequence[Mapping[str, Any]]) -> dict[str, _Found]:
    """Return metric digest -> what the rows' last comparison found."""
    ours, theirs = first.source.identity, second.source.identity
    sign = {(ours, theirs): 1, (theirs, ours): -1}
    found: dict[str, _Found] = {}
    asked = (group.plan.dataset, group.plan.protocol, group.plan.seed, group.n)
    if len(group.seeds) > 1:
        return found
    for comparison in comparisons:
        try:
            if tuple(comparison[name] for name in ("dataset", "protocol", "seed", "n")) != asked:
                continue
            rows = (comparison["first"]["identity"], comparison["second"]["identity"])
            for column in comparison["columns"]:
                if rows not in sign or column["difference"] is None:
                    continue
                ends = column["interval"]
                low, high = [sign[rows] * ends[end] for end in ("low", "high")][:: sign[rows]] if ends else (None, None)
                verdict = str(column["verdict"])
                if sign[rows] < 0:
                    verdict = {"first": "second", "second": "first"}.get(verdict, verdict)
                found[column["metric_digest"]] = _Found(
                    sign[rows] * column["difference"], low, high, bool(ends), _VERDICTS.get(verdict, verdict),
                    reason=str(column["reason"]),
                )  # fmt: skip
        except (KeyError, TypeError):
            continue  # written by another version
    return found


def _section(pair: _Pair, images: Path, details: Path) -> Section:
    group, first, second, lines = pair
    heads = (
        Head("Measure", kind="name", sort="text"),
        Head(first.label, details_of(first)),
        Head(second.label, details_of(second)),
        Head("Difference"),
        Head("Verdict", kind="text", sort="text"),
    )
    rows = []
    for line in lines:
        found, decimals = line.found, line.column.decimals
        difference = Place("not known", kind="none")
        if found.difference is not None:
            ends = "no paired interval"
            if found.interval_low is not None and found.interval_high is not None:
                ends = f"[{number(found.interval_low, decimals)}, {number(found.interval_high, decimals)}]"
            difference = Place(f"{'+' if found.difference > 0 else ''}{number(found.difference, decimals)}", ends)
        how = "paired by caption" if found.paired else "by the rows' own intervals"
        name = Place(f"{line.column.title} {line.column.arrow}", line.column.subtitle, "name")
        rows.append((name, line.first, line.second, difference, Place(found.verdict, found.reason or how, "text")))
    captions = captions_of(group, first, second, details)
    notes = []
    wanted = [] if all(line.found.paired or line.found.reason for line in lines) else ["paired intervals"]
    if captions.reason and not captions.grids:
        notes.append(captions.reason)
    elif not captions.grids:
        wanted.append("the captions on which either row is ahead by most, with images")
    if wanted:
        names = (name_of(first), name_of(second), clean(group.plan.dataset))
        notes.append(_ASK.format(*names, sentence_list(wanted)))
    notes += [_LUCK[covers] for covers in sorted({line.found.covers for line in lines})]
    if sum(line.found.paired for line in lines) > 1:
        notes.append("Several columns were looked at, and one of 20 intervals misses the truth by luck.")
    return section_on(
        group,
        heads=heads,
        parts=(Part("", "measured", tuple(rows)),),
        drawings=captions.scatters,
        drawings_title="Caption by caption",
        grids=(*captions.grids, *sample_grids((first, second), images)),
        notes=(*notes, *captions.notes),
        records=tuple(one for one in group.cells if one[0] is first or one[0] is second),
    )


def _frame(pairs: Sequence[_Pair]) -> DataFrame:
    """Return a row a column of two rows."""
    from pandas import DataFrame

    return DataFrame([values for pair in pairs for values in _values(pair)])


def _values(pair: _Pair) -> Iterator[dict[str, Any]]:
    for line in pair.lines:
        place = pair.group.columns.index(line.column)
        cells = (pair.first.cells[place], pair.second.cells[place])
        values = [cell.record.value if cell else None for cell in cells]
        yield {
            "dataset": pair.group.plan.dataset,
            "protocol": pair.group.plan.protocol,
            "n": pair.group.n,
            "first": name_of(pair.first),
            "second": name_of(pair.second),
            "metric": line.column.metric.title,
            "column": line.column.metric.column,
            "first_value": values[0],
            "second_value": values[1],
            **asdict(line.found),
            "first_identity": pair.first.source.identity,
            "second_identity": pair.second.source.identity,
            "metric_digest": line.column.digest,
            "plan_digest": pair.group.plan.digest,
        }
