"""The sentences under a table: what its marks mean and what its reader must know. The same in every output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from t2ibench_reports.table.format import clean, count, sentence_list
from t2ibench_reports.table.ranking import RULE
from t2ibench_reports.table.seeds import is_range
from t2ibench_reports.table.tables import Column, Group, Section
from t2ibench_reports.texts import TEXTS

JUDGE_SEEN: str = TEXTS["notes"]["judge_seen"]
OF_ONE: str = TEXTS["notes"]["of_one"]
OF_SEVERAL: str = TEXTS["notes"]["of_several"]
HOW_TO_READ: str = TEXTS["notes"]["how_to_read"]


def group_notes(group: Group) -> tuple[str, ...]:
    """Return the notes of a group, the general rule first."""
    return tuple(_notes(group))


def interval_note(column: Column, group: Group) -> str:
    """Return how a column's intervals were made, as in "95% intervals, bootstrap over images"; "" without any."""
    found = {
        clean(record.interval.method)
        if is_range(record.interval)
        else f"{record.interval.level * 100:g}% intervals, {clean(record.interval.method)}"
        for _, other, cell in group.cells
        if other is column and (record := cell.record).interval is not None
    }
    return "; ".join(sorted(found))


def _notes(group: Group) -> Iterator[str]:
    records = [cell.record for _, _, cell in group.cells]
    if group.section(Section.MEASURED):
        yield RULE
        if group.sorted_by:
            yield f"Measured rows stand in the order of {group.sorted_by}; there is no overall winner."
    by_note: dict[str, list[str]] = {}
    for column in group.columns:
        if column.no_verdict and group.section(Section.MEASURED):
            by_note.setdefault(column.no_verdict, []).append(column.title)
    for reason, titles in by_note.items():
        yield f"{sentence_list(titles)}: {reason}."
    if any(row.runs for row in group.rows):
        yield OF_SEVERAL
    elif any(row.trainings for row in group.rows):
        yield OF_ONE
    if any(record.judge_seen_in_training for record in records):
        yield JUDGE_SEEN
    for standing, sentence in (
        ("stand-in", "stand-in network, none of the field's: compare within this table only"),
        ("random", "network with random weights: such numbers test the software and say nothing about images"),
    ):
        titles = [column.title for column in group.columns if column.standing == standing]
        if titles:
            yield f"{sentence_list(titles)}: {sentence}."
    for column in group.columns:
        if note := interval_note(column, group):
            yield f"{column.title} ({column.subtitle}): {note}."
    if other := sorted({cell.record.n for _, _, cell in group.cells if cell.other_n}):
        shown = sentence_list(count(n) for n in other)
        yield f"Values marked n={shown} rest on other than {count(group.n)} images and are not ranked with the rest."
    if group.section(Section.CONTROL):
        yield "Controls are never ranked."
    if group.section(Section.REPORTED):
        yield "Reported numbers are copied from the papers and READMEs named, made by others, and never ranked."
    yield from _spread_note(group)
    yield from _warnings(group)


def _spread_note(group: Group) -> Iterator[str]:
    """Say once that the papers' ± is not an interval, where a record carries one."""
    names = sorted({clean(name) for _, _, cell in group.cells for name in cell.record.spread})
    if names:
        shown = sentence_list(f'"{name}"' for name in names)
        yield f"The papers' own spread is given beside the interval as {shown}; it is not a confidence interval."


def _warnings(group: Group) -> Iterator[str]:
    """Yield each warning once, with the column and the rows it belongs to."""
    where: dict[tuple[str, str], list[str]] = {}
    rows: Counter[str] = Counter(column.digest for _, column, cell in group.cells if cell.record.status == "ok")
    for row, column, cell in group.cells:
        for warning in cell.record.warnings:
            where.setdefault((clean(warning), column.digest), []).append(row.label)
    titles = {column.digest: column.title for column in group.columns}
    for (warning, digest), labels in where.items():
        shown = "all rows" if len(labels) >= rows[digest] else sentence_list(labels)
        yield f"Warning (!) for {titles[digest]}, {shown}: {warning}"
