"""A document as text: for a terminal and as Markdown. Images and drawings are the page's alone."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from t2ibench_reports.rendering.document import Document, Place, Section, bare
from t2ibench_reports.table.format import sentence_list, shortened

LATER = ("cost", "reported")
"""Kinds of columns that stand in a part of their own where a table is too wide for one."""
_LONGEST, _LONGEST_NAME, _SHORTEST_TITLE = 48, 44, 20
_NOTE_WIDTH = 110
_WIDEST = 136
"""Of a table on a terminal, in places; a wider one is shown in parts."""
Failures = dict[tuple[str, str], list[str]]
"""(column, reason) -> labels of the rows."""


def terminal(document: Document) -> str:
    """Return aligned tables for a terminal."""
    lines = [line.rstrip() for section in document.sections for line in _section_lines(section)]
    return "\n".join([*lines, *document.faults]) + "\n"


def markdown(document: Document, *, figure: bool = False) -> str:
    """Return tables in GitHub's Markdown; names are escaped, so that none becomes a link, a tag or a column.

    Args:
        document: the report.
        figure: whether its drawings lie beside it as an SVG of its name, to be shown.
    """
    lines = [f"# {markdown_escaped(document.title)}", "", *([markdown_escaped(document.lead), ""] if figure else [])]
    for section in document.sections:
        lines += [f"## {markdown_escaped(section.whole_title)}", ""]
        lines += [f"> **The evaluation is broken.** {markdown_escaped(one.sentence)}" for one in section.failed]
        lines += [""] if section.failed else []
        lines += [f"- {markdown_escaped(f'{name}: {text}')}" for name, text in _facts(section)]
        lines += [""] if section.facts or section.plan else []
        for part in section.parts:
            lines += [f"**{markdown_escaped(part.title)}**", ""] if part.title else []
            lines += [_pipes([head.plain for head in section.heads])]
            lines += ["|" + "|".join(":--" if head.kind in ("name", "text") else "--:" for head in section.heads) + "|"]
            lines += [_pipes([place.plain for place in row]) for row in part.rows]
            lines += [""]
        if figure and section.drawings:
            lines += [f"![{markdown_escaped(section.drawings_title)}]({document.name}.svg)", ""]
        lines += [f"- {markdown_escaped(note)}" for note in _notes(section)]
        lines += [""]
    lines += [f"- {markdown_escaped(fault)}" for fault in document.faults]
    return "\n".join(lines).rstrip() + "\n"


def markdown_escaped(text: str) -> str:
    """Return text that Markdown shows as it stands."""
    escaped = "".join(f"\\{char}" if char in "\\`*_[]|#~$" else char for char in text)
    for sign, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "&#64;"), ("://", ":&#47;&#47;")):
        escaped = escaped.replace(sign, safe)
    return escaped


def _pipes(texts: Sequence[str]) -> str:
    return f"| {' | '.join(markdown_escaped(text) for text in texts)} |"


def _facts(section: Section) -> list[tuple[str, str]]:
    """Return the facts, the short ones of a plan in one line."""
    plan = "; ".join(f"{name} {text}" for name, text in section.plan).replace("`", "")
    return [*section.facts, *([("Plan", plan)] if plan else [])]


def _notes(section: Section) -> Iterator[str]:
    """Yield what stands under a table: what its measures are, what the controls say, its notes."""
    yield from section.subtitles
    if section.checks and all(check.verdict == "passed" for check in section.checks):
        yield f"Controls: all {len(section.checks)} checks passed."
    for check in section.checks:
        if check.verdict in ("doubtful", "unchecked"):
            yield f"Control {check.verdict}: {check.column}: {check.sentence}"
    yield from section.notes


def _section_lines(section: Section) -> Iterator[str]:
    yield section.whole_title
    for check in section.failed:
        yield f"  !! The evaluation is broken: {check.sentence}"
    for name, text in _facts(section):
        yield from _wrapped(f"{name}: {text}")
    yield ""
    heads = [head.plain for head in section.heads]
    failures: Failures = {}
    parts = [(part.title, [_row(row, section, failures) for row in part.rows]) for part in section.parts]
    for place, head in enumerate(section.heads):
        if head.kind == "value":
            _hang([row for _, rows in parts for row in rows], place)
    if heads:
        widths = [max(map(_width, texts)) for texts in zip(heads, *(row for _, rows in parts for row in rows))]  # noqa: B905
        for block in _blocks(widths, [place for place, head in enumerate(section.heads) if head.kind in LATER]):
            sizes = [widths[place] for place in block]
            yield f"  {_aligned([heads[place] for place in block], sizes)}"
            for title, rows in parts:
                if block[1] != 1 and all(row[place] == "-" for row in rows for place in block[1:]):
                    continue  # what papers print has no cost
                yield f"  {f'─── {title} ' if title else '':─<{_total(sizes)}}"
                yield from (f"  {_aligned([row[place] for place in block], sizes)}" for row in rows)
            yield ""
    for grid in section.grids if not any(one.by_source for one in section.grids) else ():
        names = ", ".join(label for label, _ in grid.heads)
        yield f"  {len(grid.rows)} x {len(grid.heads)} images on the page (html): {names}."
        for strip in grid.rows:
            yield from _wrapped(strip.name, "    ")
    for place, ((title, reason), labels) in enumerate(failures.items(), start=1):
        yield from _wrapped(f"({place}) {sentence_list(labels)}, {title}: {reason}")
    for note in _notes(section):
        yield from _wrapped(note)
    yield ""


def _row(row: Sequence[Place], section: Section, failures: Failures) -> list[str]:
    """Return a row's texts as a terminal has room for; reasons of failures are added to `failures`."""
    texts = []
    for place, head in zip(row, section.heads, strict=True):
        if place.kind == "failed":
            labels = failures.setdefault((bare(head), place.hint), [])
            labels.append(row[0].text)
            texts.append(f"failed ({[*failures].index((bare(head), place.hint)) + 1})")
        elif place.kind == "name" and place.below:  # the title is cut, the details are not: they tell rows apart
            room = max(_LONGEST_NAME - len(place.below) - 3, _SHORTEST_TITLE)
            texts.append(f"{shortened(place.text, room)} ({place.below})")
        else:
            texts.append(shortened(place.plain, _LONGEST))
    return texts


def _hang(rows: Sequence[list[str]], place: int) -> None:
    """Pad a column in place, so that intervals end above each other and the signs behind them hang out."""
    behind = {number: len(row[place]) - row[place].rindex("]") for number, row in enumerate(rows) if "]" in row[place]}
    for number, signs in behind.items():
        rows[number][place] += " " * (max(behind.values()) - signs)


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, _NOTE_WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")


def _blocks(widths: Sequence[int], later: Sequence[int]) -> list[list[int]]:
    """Return the columns of each table that a terminal is given: one if that is narrow enough.

    Else as many as fit in each, first the measures, then what stands later. Every one begins with the names, column 0.

    Args:
        widths: of the columns.
        later: places of those that stand behind the measures, as what the rows cost.
    """
    if _total(widths) <= _WIDEST or len(later) == len(widths) - 1:
        return [list(range(len(widths)))]
    measures = [place for place in range(1, len(widths)) if place not in later]
    found: list[list[int]] = []
    for group in (measures, later):
        for first, place in enumerate(group):
            if first == 0 or _total([widths[one] for one in (*found[-1], place)]) > _WIDEST:
                found.append([0])
            found[-1].append(place)
    return found


def _total(widths: Sequence[int]) -> int:
    """Return how wide a line is, two places between columns."""
    return sum(widths) + 2 * (len(widths) - 1)


def _width(text: str) -> int:
    """Return how many places of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return a line: the name to the left, numbers to the right."""
    padding = [" " * (width - _width(text)) for text, width in zip(row, widths, strict=True)]
    return "  ".join([row[0] + padding[0], *(gap + text for gap, text in zip(padding[1:], row[1:], strict=True))])
