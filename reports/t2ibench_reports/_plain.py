"""Tables as text: for a terminal, as Markdown, as LaTeX. All three say what the page says, in fewer words."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from t2ibench_reports._format import (
    bounds,
    count,
    failure,
    number,
    sentence_list,
    short_count,
    shortened,
    significant,
    spreads,
)
from t2ibench_reports._notes import group_notes
from t2ibench_reports._tables import SECTION_TITLES, Cell, Column, Group, Leaderboard, Row

MARKS = {"best": "*", "tied": "≈", "": ""}
NONE = "-"
"""Shown where a figure does not exist, as the training steps of the ground truth."""
TRAINING_HEADS = ("parameters", "trained on images", "training s")
Failures = dict[tuple[str, str], list[str]]
"""(column, reason) -> labels of the rows."""
_LONGEST_FAILURE = 48
_LONGEST_NAME, _SHORTEST_TITLE = 44, 20
_NOTE_WIDTH = 110
_WIDEST = 136
"""Of a table on a terminal, in places; a wider one is shown in parts."""


def cell_text(cell: Cell | None, column: Column) -> str:
    """Return "43.2 [39.1, 47.0]*†", "failed: reason" or "not measured"; never an empty text."""
    if cell is None:
        return "not measured"
    record = cell.record
    if record.status == "failed" or record.value is None:
        return shortened(failure(record), _LONGEST_FAILURE)
    text = number(record.value, column.decimals)
    if record.interval is not None:
        text += f" {bounds(record.interval, column.decimals)}"
    elif record.spread:
        text += f" ({'; '.join(spreads(record))})"
    text += marks(cell)
    return f"{text} n={count(record.n)}" if cell.other_n else text


def marks(cell: Cell) -> str:
    """Return the marks behind a value: its verdict, † for a judge seen in training, ! for a warning."""
    seen, warned = cell.record.judge_seen_in_training, bool(cell.record.warnings)
    return MARKS[cell.mark] + "†" * seen + "!" * warned


def group_title(group: Group) -> str:
    """Return "simbirds, split test, protocol simbirds-1, n 600"."""
    plan = group.plan
    return f"{plan.dataset}, split {plan.split}, protocol {plan.protocol}, n {count(group.n)}"


def heads(group: Group) -> list[str]:
    """Return the column heads, costs last."""
    training = TRAINING_HEADS if group.knows_training else ()
    columns = (f"{column.title} {column.arrow}" for column in group.columns)
    return ["", *columns, "steps", *training, "images/s", "seconds"]


def row_texts(row: Row, group: Group) -> list[str]:
    """Return a row's texts in the order of `heads`."""
    name = f"{row.label} ({', '.join(row.details)})" if row.details else row.label
    cells = [cell_text(cell, column) for column, cell in zip(group.columns, row.cells, strict=True)]
    steps = NONE if row.source.steps is None else count(row.source.steps)
    speed = NONE if row.images_per_second is None else significant(row.images_per_second)
    seconds = NONE if row.seconds is None else significant(row.seconds)
    return [name, *cells, steps, *(training_texts(row) if group.knows_training else ()), speed, seconds]


def training_texts(row: Row) -> tuple[str, str, str]:
    """Return a row's texts in the order of TRAINING_HEADS."""
    source = row.source
    return (
        NONE if source.parameters is None else short_count(source.parameters),
        NONE if source.training_images is None else count(source.training_images),
        NONE if source.training_seconds is None else significant(source.training_seconds),
    )


def terminal(board: Leaderboard) -> str:
    """Return aligned tables for a terminal."""
    return "\n".join(line.rstrip() for line in _terminal_lines(board)) + "\n"


def markdown(board: Leaderboard) -> str:
    """Return tables in GitHub's Markdown; names are escaped, so that none becomes a link, a tag or a column."""
    lines = ["# Leaderboard", ""]
    for group in board.groups:
        lines += [f"## {markdown_escaped(group_title(group))}", ""]
        lines += [
            f"> **The evaluation is broken.** {markdown_escaped(check.sentence)}" for check in group.failed_checks
        ]
        lines += [""] if group.failed_checks else []
        for section in group.sections:
            rows = [row_texts(row, group) for row in group.section(section)]
            lines += [f"**{SECTION_TITLES[section]}**", ""]
            lines += [pipes(heads(group)), "|:--|" + "--:|" * (len(heads(group)) - 1)]
            lines += [pipes(row) for row in rows]
            lines += [""]
        subtitles = (f"{column.title}: {column.subtitle}." for column in group.columns)
        lines += [f"- {markdown_escaped(note)}" for note in (*subtitles, *_check_notes(group), *group_notes(group))]
        lines += [""]
    lines += [f"- {markdown_escaped(fault)}" for fault in board.faults]
    return "\n".join(lines).rstrip() + "\n"


def _terminal_lines(board: Leaderboard) -> Iterator[str]:
    for group in board.groups:
        yield group_title(group)
        for check in group.failed_checks:
            yield f"  !! The evaluation is broken: {check.sentence}"
        failures: Failures = {}
        table = {
            section: [_terminal_row(row, group, failures) for row in group.section(section)]
            for section in group.sections
        }
        widths = column_widths([heads(group), *(row for rows in table.values() for row in rows)])
        for block in blocks(widths, range(len(group.columns) + 1, len(widths))):
            own = [widths[place] for place in block]
            yield ""
            yield f"  {aligned([heads(group)[place] for place in block], own)}"
            for section, rows in table.items():
                yield f"  {f'─── {SECTION_TITLES[section]} ':─<{total(own)}}"
                yield from (f"  {aligned([row[place] for place in block], own)}" for row in rows)
        yield ""
        subtitles = (f"{column.title}: {column.subtitle}." for column in group.columns)
        for note in (*_failure_notes(failures), *subtitles, *_check_notes(group), *group_notes(group)):
            yield from textwrap.wrap(note, _NOTE_WIDTH, initial_indent="  ", subsequent_indent="    ")
        yield ""
    yield from board.faults


def blocks(widths: Sequence[int], later: Sequence[int]) -> list[list[int]]:
    """Return the columns of each table that a terminal is given: one if that is narrow enough.

    Else as many as fit in each, first the measures, then what stands later. Every one begins with the names, column 0.

    Args:
        widths: of the columns.
        later: places of those that stand behind the measures, as what the rows cost.
    """
    if total(widths) <= _WIDEST or len(later) == len(widths) - 1:
        return [list(range(len(widths)))]
    measures = [place for place in range(1, len(widths)) if place not in later]
    found: list[list[int]] = []
    for group in (measures, later):
        for first, place in enumerate(group):
            if first == 0 or total([widths[one] for one in (*found[-1], place)]) > _WIDEST:
                found.append([0])
            found[-1].append(place)
    return found


def total(widths: Sequence[int]) -> int:
    """Return how wide a line is, two places between columns."""
    return sum(widths) + 2 * (len(widths) - 1)


def _check_notes(group: Group) -> Iterator[str]:
    """Yield one sentence when all controls are where they must be, else one a control that is not."""
    if group.checks and all(check.verdict == "passed" for check in group.checks):
        yield f"Controls: all {len(group.checks)} checks passed."
    for check in group.checks:
        if check.verdict in ("doubtful", "unchecked"):
            yield f"Control {check.verdict}: {check.column}: {check.sentence}"


def _failure_notes(failures: Failures) -> Iterator[str]:
    """Yield a numbered sentence a reason, with the rows that share it."""
    for place, ((title, reason), labels) in enumerate(failures.items(), start=1):
        yield f"({place}) {sentence_list(labels)}, {title}: {reason}"


def _terminal_row(row: Row, group: Group, failures: Failures) -> list[str]:
    """Return a row's texts as a terminal has room for; reasons of failures are added to `failures`.

    Values are padded to the longest run of marks of their column, so that digits line up.
    """
    texts = row_texts(row, group)
    texts[0] = _short_name(row)
    for place, (column, cell) in enumerate(zip(group.columns, row.cells, strict=True), start=1):
        longest = max((len(marks(cell)) for _, other, cell in group.cells if other is column), default=0)
        if cell is not None and cell.record.value is None:
            reason = (column.title, failure(cell.record))
            failures.setdefault(reason, []).append(row.label)
            texts[place] = f"failed ({list(failures).index(reason) + 1})"
        else:
            texts[place] += " " * (longest - len(marks(cell) if cell else ""))
    return texts


def _short_name(row: Row) -> str:
    """Return a row's name as a terminal has room for. Its title is cut, its details are not: they tell rows apart."""
    details = f" ({', '.join(row.details)})" if row.details else ""
    return shortened(row.label, max(_LONGEST_NAME - len(details), _SHORTEST_TITLE)) + details


def _width(text: str) -> int:
    """Return how many places of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the width of each column, in places of a terminal."""
    return [max(_width(row[place]) for row in rows) for place in range(len(rows[0]))]


def aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line: the name to the left, numbers to the right."""
    padding = [" " * (width - _width(text)) for text, width in zip(row, widths, strict=True)]
    return "  ".join([row[0] + padding[0], *(gap + text for gap, text in zip(padding[1:], row[1:], strict=True))])


def pipes(texts: Sequence[str]) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(markdown_escaped(text) for text in texts)} |"


def markdown_escaped(text: str) -> str:
    """Return text that Markdown shows as it stands."""
    escaped = "".join(f"\\{char}" if char in "\\`*_[]|#~$" else char for char in text)
    return (
        escaped.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("@", "&#64;")
        .replace("://", ":&#47;&#47;")
    )
