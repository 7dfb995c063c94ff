"""A document's tables as LaTeX that stay within a page: wide ones in parts, measures first, then what they cost."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from t2ibench_reports.rendering.document import MARKS, Document, Head, Part, Place, Section, bare
from t2ibench_reports.rendering.latex_text import escaped
from t2ibench_reports.rendering.text import LATER

PACKAGES = r"\usepackage{booktabs} \usepackage{graphicx} \usepackage{xcolor}"
_LINE = 345
"""Points of a line of LaTeX's article, the narrowest page that is common."""
_NAME = 92
"""Points that a row's name has; a longer one is broken into lines."""
_GAP = 6
_LARGE, _SMALL = 4.25, 3.5
"""Points of a character in \\footnotesize and \\scriptsize, of digits and brackets."""
_HEAD = 16
"""Characters of a head's line."""


def latex(document: Document) -> str:
    """Return a table a section that has one, several for one that is too wide for a page."""
    head = f"% Made by `t2ibench report {document.name}`. In the preamble: {PACKAGES}\n"
    tables = [section for section in document.sections if section.heads]
    return head + "\n".join(
        "\n".join(_tables(section, f"tab:t2ibench-{section.label or f'{document.name}-{place}'}"))
        for place, section in enumerate(tables, start=1)
    )


def _tables(section: Section, label: str) -> Iterator[str]:
    """Yield the lines of a section's tables; the first carries the whole caption, the others refer to it."""
    for number, block in enumerate(_blocks(section), start=1):
        told, own = escaped(_caption(section)), label
        if number > 1:
            told, own = rf"Table~\ref{{{label}}}, continued.", f"{label}-{number}"
        yield from _table(told, own, section, block)


def _caption(section: Section) -> str:
    sentences = [f"{section.whole_title}.", *section.subtitles, *(section.caption or section.notes)]
    sentences += [
        f"{row[0].text}, {bare(head)}: {place.hint}."
        for part in section.parts
        for row in part.rows
        for head, place in zip(section.heads, row, strict=True)
        if place.kind == "failed"
    ]
    sentences += [f"THE EVALUATION IS BROKEN: {check.sentence}" for check in section.failed]
    return " ".join(sentences)


def _blocks(section: Section) -> list[list[int]]:
    """Return the places of the columns of each table: all in one, or measures in as many as needed, then the rest."""
    widths = {
        place: max([_LARGE * max(map(len, _head_lines(head)))] + [_points(row[place]) for row in _rows(section.parts)])
        + _GAP
        for place, head in enumerate(section.heads)
        if place > 0
    }
    room = _LINE - _NAME - _GAP
    if sum(widths.values()) <= room:
        return [list(widths)]
    blocks: list[list[int]] = []
    for later in (False, True):
        group = [place for place in widths if (section.heads[place].kind in LATER) is later]
        for number, place in enumerate(group):
            if number == 0 or sum(widths[one] for one in (*blocks[-1], place)) > room:
                blocks.append([])
            blocks[-1].append(place)
    return blocks


def _rows(parts: Sequence[Part]) -> Iterator[tuple[Place, ...]]:
    for part in parts:
        yield from part.rows


def _table(caption: str, label: str, section: Section, block: Sequence[int]) -> Iterator[str]:
    across = "".join("l" if section.heads[place].kind == "text" else "r" for place in block)
    yield from (r"\begin{table}", r"  \centering", r"  \footnotesize", r"  \setlength{\tabcolsep}{3pt}")
    # Sloppy: words such as attngan1-lambda-10 have no hyphenation, and a gap is better than a line off the page.
    yield rf"  \caption{{\footnotesize\sloppy {caption}}}"
    yield rf"  \label{{{label}}}"
    # Widths were only guessed above: what is too wide all the same is made smaller.
    yield rf"  \sbox0{{\begin{{tabular}}{{p{{{_NAME}pt}}{across}}}"
    yield r"    \toprule"
    yield (
        "    " + " & ".join((_name(section.heads[0].text), *(_head(section.heads[place]) for place in block))) + r" \\"
    )
    for part in section.parts:
        yield r"    \midrule"
        if part.title and part.kind != "measured":
            yield rf"    \multicolumn{{{len(block) + 1}}}{{l}}{{\itshape {escaped(part.title)}}} \\"
        for row in part.rows:
            yield "    " + " & ".join((_name(row[0].plain), *(_code(row[place]) for place in block))) + r" \\"
    yield r"    \bottomrule"
    yield r"  \end{tabular}}%"
    yield r"  \ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi"
    yield from (r"\end{table}", "")


def _texts(place: Place) -> tuple[str, str]:
    """Return what stands in a place, and in small print behind it. The caption says why something failed."""
    if place.kind == "failed":
        return "failed", ""
    below = f"({place.below})" if place.below and place.kind in ("reported", "text") else place.below
    return f"{place.text}{MARKS[place.mark].replace('*', '')}{place.signs}", below  # the best is bold


def _points(place: Place) -> float:
    """Return about how wide a place is."""
    text, small = _texts(place)
    return _LARGE * len(text) + (_SMALL * len(small) + 3 if small else 0)


def _code(place: Place) -> str:
    text, small = _texts(place)
    code = " ".join(filter(None, (escaped(text), small and rf"{{\scriptsize {escaped(small)}}}")))
    if place.mark == "best":
        return rf"\textbf{{{code}}}"
    return rf"\textcolor{{gray}}{{{code}}}" if place.kind == "reported" and code else code


def _name(text: str) -> str:
    """Return a name's LaTeX, which may be broken behind its own signs too."""
    code = escaped(text)
    for sign in ":-/":
        code = code.replace(sign, rf"{sign}\allowbreak{{}}")
    return rf"\raggedright {code}" if text else ""


def _head_lines(head: Head) -> list[str]:
    return textwrap.wrap(head.plain, _HEAD) or [""]


def _head(head: Head) -> str:
    lines = [escaped(line) for line in _head_lines(head)]
    side = "l" if head.kind == "text" else "r"
    code = lines[0] if len(lines) == 1 else rf"\shortstack[{side}]{{" + r"\\".join(lines) + "}"
    return rf"\textcolor{{gray}}{{{code}}}" if head.kind == "reported" and code else code
