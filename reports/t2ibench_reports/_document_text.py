"""A document as text: for a terminal, as Markdown, as LaTeX. Images and drawings are the page's alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from t2ibench_reports._document import MARKS, Document, Place, Section
from t2ibench_reports._format import shortened
from t2ibench_reports._latex_table import PACKAGES, LatexColumn, LatexPart, LatexPlace, latex_tables
from t2ibench_reports._plain import aligned, blocks, column_widths, markdown_escaped, pipes, total

_NOTE_WIDTH = 110
_LONGEST, _LONGEST_NAME = 48, 64
LATER = ("cost", "reported")
"""Kinds of columns that stand in a part of their own where a table is too wide for one."""


def terminal(document: Document) -> str:
    """Return aligned tables for a terminal."""
    return "\n".join(line.rstrip() for section in document.sections for line in _terminal_lines(section)) + "".join(
        f"\n{fault}" for fault in document.faults
    )


def markdown(document: Document) -> str:
    """Return tables in GitHub's Markdown; names are escaped, so that none becomes a link, a tag or a column."""
    lines = [f"# {markdown_escaped(document.title)}", ""]
    for section in document.sections:
        lines += [f"## {markdown_escaped(_title(section))}", ""]
        lines += [f"> **{markdown_escaped(section.warning)}**", ""] if section.warning else []
        lines += [f"- {markdown_escaped(f'{name}: {text}')}" for name, text in section.facts]
        lines += [""] if section.facts else []
        for part in section.parts:
            lines += [f"**{markdown_escaped(part.title)}**", ""] if part.title else []
            lines += [pipes([head.text for head in section.heads])]
            lines += ["|" + "|".join(":--" if head.kind in ("name", "text") else "--:" for head in section.heads) + "|"]
            lines += [pipes([place.plain for place in row]) for row in part.rows]
            lines += [""]
        lines += [f"- {markdown_escaped(note)}" for note in (*_subtitles(section), *section.notes)]
        lines += [""]
    lines += [f"- {markdown_escaped(fault)}" for fault in document.faults]
    return "\n".join(lines).rstrip() + "\n"


def latex(document: Document) -> str:
    """Return a table a section that has one, several for one that is too wide for a page."""
    head = f"% Made by `t2ibench report {document.name}`. In the preamble: {PACKAGES}\n"
    tables = [section for section in document.sections if section.heads]
    return head + "\n".join(_latex_table(section, document.name, place) for place, section in enumerate(tables, 1))


def _latex_table(section: Section, name: str, place: int) -> str:
    caption = " ".join((f"{_title(section)}.", *_subtitles(section), *section.notes))
    columns = [
        LatexColumn(head.text, head.kind == "text", head.kind in LATER, "grey" if head.kind == "reported" else "")
        for head in section.heads[1:]
    ]
    parts = [
        LatexPart(
            "" if part.kind == "measured" else part.title, tuple(tuple(map(_latex_place, row)) for row in part.rows)
        )
        for part in section.parts
    ]
    return latex_tables(caption, f"tab:t2ibench-{name}-{place}", section.heads[0].text, columns, parts)


def _latex_place(place: Place) -> LatexPlace:
    if place.kind == "failed":
        return LatexPlace("failed")
    if place.kind == "name":
        return LatexPlace(place.plain)
    style = "bold" if place.mark == "best" else "grey" if place.kind == "reported" else ""
    below = f"({place.below})" if place.below and place.kind in ("reported", "text") else place.below
    mark = "" if place.mark == "best" else MARKS[place.mark]
    return LatexPlace(f"{place.text}{mark}{place.signs}", below, style)


def _terminal_lines(section: Section) -> Iterator[str]:
    yield _title(section)
    if section.warning:
        yield f"  !! {section.warning}"
    for name, text in section.facts:
        yield from textwrap.wrap(f"{name}: {text}", _NOTE_WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield ""
    heads = [head.text for head in section.heads]
    longest = [_LONGEST_NAME if head.kind == "name" else _LONGEST for head in section.heads]
    rows = {
        part: [[shortened(place.plain, most) for place, most in zip(row, longest, strict=True)] for row in part.rows]
        for part in section.parts
    }
    if heads:
        widths = column_widths([heads, *(row for found in rows.values() for row in found)])
        for block in blocks(widths, [place for place, head in enumerate(section.heads) if head.kind in LATER]):
            sizes = [widths[place] for place in block]
            yield f"  {aligned([heads[place] for place in block], sizes)}"
            for part, found in rows.items():
                yield f"  {f'─── {part.title} ' if part.title else '':─<{total(sizes)}}"
                yield from (f"  {aligned([row[place] for place in block], sizes)}" for row in found)
            yield ""
    for grid in section.grids:
        names = ", ".join(label for label, _ in grid.heads)
        yield f"  {len(grid.rows)} x {len(grid.heads)} images on the page (html): {names}."
        for name, _ in grid.rows:
            yield from textwrap.wrap(name, _NOTE_WIDTH, initial_indent="    ", subsequent_indent="      ")
    for note in (*_subtitles(section), *section.notes):
        yield from textwrap.wrap(note, _NOTE_WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield ""


def _subtitles(section: Section) -> Iterator[str]:
    yield from (f"{head.text}: {head.subtitle}." for head in section.heads if head.subtitle and head.kind == "value")


def _title(section: Section) -> str:
    return f"{section.title}, {section.small}" if section.small else section.title
