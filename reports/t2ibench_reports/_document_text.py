"""A document as text: for a terminal, as Markdown, as LaTeX. Pictures and drawings are the page's alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from t2ibench_reports._document import Document, Place, Section
from t2ibench_reports._format import shortened
from t2ibench_reports._latex import escaped
from t2ibench_reports._plain import aligned, column_widths, markdown_escaped, pipes

_NOTE_WIDTH = 110
_LONGEST = 48


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
    """Return a table a section that has one; it needs booktabs, and xcolor for what is reported by others."""
    needed = r"\usepackage{booktabs} \usepackage{xcolor}"
    head = f"% Made by `t2ibench report {document.name}`. In the preamble: {needed}\n"
    tables = [section for section in document.sections if section.heads]
    return head + "\n".join(_latex_table(section, document.name, place) for place, section in enumerate(tables, 1))


def _latex_table(section: Section, name: str, place: int) -> str:
    across = "".join("l" if head.kind in ("name", "text") else "r" for head in section.heads)
    lines = [
        r"\begin{table}",
        r"  \centering",
        r"  \caption{" + escaped(" ".join((f"{_title(section)}.", *_subtitles(section), *section.notes))) + "}",
        rf"  \begin{{tabular}}{{{across}}}",
        r"    \toprule",
        "    " + " & ".join(_grey(escaped(head.text), head.kind) for head in section.heads) + r" \\",
    ]
    for part in section.parts:
        lines.append(r"    \midrule")
        if part.title and part.kind != "measured":
            lines.append(rf"    \multicolumn{{{len(section.heads)}}}{{l}}{{\itshape {escaped(part.title)}}} \\")
        lines += ["    " + " & ".join(map(_latex_place, row)) + r" \\" for row in part.rows]
    lines += [r"    \bottomrule", r"  \end{tabular}", rf"  \label{{tab:t2ibench-{name}-{place}}}", r"\end{table}", ""]
    return "\n".join(lines)


def _latex_place(place: Place) -> str:
    if place.kind == "failed":
        return "failed"
    text = escaped(place.plain.replace("*", "") if place.mark == "best" else place.plain)
    return rf"\textbf{{{text}}}" if place.mark == "best" else _grey(text, place.kind)


def _grey(text: str, kind: str) -> str:
    return rf"\textcolor{{gray}}{{{text}}}" if kind == "reported" and text else text


def _terminal_lines(section: Section) -> Iterator[str]:
    yield _title(section)
    if section.warning:
        yield f"  !! {section.warning}"
    for name, text in section.facts:
        yield from textwrap.wrap(f"{name}: {text}", _NOTE_WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield ""
    heads = [head.text for head in section.heads]
    rows = {part: [[shortened(place.plain, _LONGEST) for place in row] for row in part.rows] for part in section.parts}
    if heads:
        sizes = column_widths([heads, *(row for found in rows.values() for row in found)])
        yield f"  {aligned(heads, sizes)}"
        for part, found in rows.items():
            yield f"  {f'─── {part.title} ' if part.title else '':─<{sum(sizes) + 2 * (len(sizes) - 1)}}"
            yield from (f"  {aligned(row, sizes)}" for row in found)
        yield ""
    for grid in section.grids:
        names = ", ".join(label for label, _ in grid.heads)
        yield f"  {len(grid.rows)} x {len(grid.heads)} pictures on the page (html): {names}."
        for name, _ in grid.rows:
            yield from textwrap.wrap(name, _NOTE_WIDTH, initial_indent="    ", subsequent_indent="      ")
    for note in (*_subtitles(section), *section.notes):
        yield from textwrap.wrap(note, _NOTE_WIDTH, initial_indent="  ", subsequent_indent="    ")
    yield ""


def _subtitles(section: Section) -> Iterator[str]:
    yield from (f"{head.text}: {head.subtitle}." for head in section.heads if head.subtitle and head.kind == "value")


def _title(section: Section) -> str:
    return f"{section.title}, {section.small}" if section.small else section.title
