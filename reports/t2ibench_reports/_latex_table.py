"""Tables as LaTeX that stay within the lines of a page: wide ones in parts, measures first, then what they cost."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from t2ibench_reports._latex_text import escaped

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


@dataclass(frozen=True)
class LatexPlace:
    """What stands in one place: plain text, what stands behind it in small print, and "", "bold" or "grey"."""

    text: str
    small: str = ""
    style: str = ""

    @property
    def points(self) -> float:
        """Return about how wide it is."""
        return _LARGE * len(self.text) + (_SMALL * len(self.small) + 3 if self.small else 0)

    @property
    def code(self) -> str:
        """Return its LaTeX."""
        code = " ".join(filter(None, (escaped(self.text), self.small and rf"{{\scriptsize {escaped(self.small)}}}")))
        if self.style == "bold":
            return rf"\textbf{{{code}}}"
        return rf"\textcolor{{gray}}{{{code}}}" if self.style == "grey" and code else code


@dataclass(frozen=True)
class LatexColumn:
    """A column after the first. `left` says how it is aligned, `later` that it stands behind all measures."""

    head: str
    left: bool = False
    later: bool = False
    style: str = ""


@dataclass(frozen=True)
class LatexPart:
    """Rows under a heading, "" for none; the first place of a row is its name, then one a column."""

    title: str
    rows: tuple[tuple[LatexPlace, ...], ...]


def latex_tables(
    caption: str, label: str, name_head: str, columns: Sequence[LatexColumn], parts: Sequence[LatexPart]
) -> str:
    """Return one table where all columns fit beside each other, else several; the first carries the whole caption.

    Args:
        caption: plain text.
        label: of the first; the others' have a number behind it.
        name_head: head of the rows' names.
        columns: all further ones.
        parts: the rows.
    """
    made = []
    blocks = _blocks(columns, parts)
    for number, block in enumerate(blocks, start=1):
        told, own = escaped(caption), label
        if number > 1:
            told, own = rf"Table~\ref{{{label}}}, continued.", f"{label}-{number}"
        made.append("\n".join(_table(told, own, name_head, columns, parts, block)))
    return "\n".join(made)


def _blocks(columns: Sequence[LatexColumn], parts: Sequence[LatexPart]) -> list[list[int]]:
    """Return the places of the columns of each table: all in one, or measures in as many as needed, then the rest."""
    widths = [
        max(
            [_LARGE * max(map(len, _head_lines(column.head)))]
            + [row[place].points for part in parts for row in part.rows]
        )
        + _GAP
        for place, column in enumerate(columns, start=1)
    ]
    room = _LINE - _NAME - _GAP
    if sum(widths) <= room:
        return [list(range(len(columns)))]
    blocks: list[list[int]] = []
    for later in (False, True):
        group = [place for place, column in enumerate(columns) if column.later is later]
        for number, place in enumerate(group):
            if number == 0 or sum(widths[one] for one in (*blocks[-1], place)) > room:
                blocks.append([])
            blocks[-1].append(place)
    return blocks


def _table(
    caption: str,
    label: str,
    name_head: str,
    columns: Sequence[LatexColumn],
    parts: Sequence[LatexPart],
    block: Sequence[int],
) -> Iterator[str]:
    across = "".join("l" if columns[place].left else "r" for place in block)
    yield from (r"\begin{table}", r"  \centering", r"  \footnotesize", r"  \setlength{\tabcolsep}{3pt}")
    # Sloppy: words such as attngan1-lambda-10 have no hyphenation, and a gap is better than a line off the page.
    yield rf"  \caption{{\footnotesize\sloppy {caption}}}"
    yield rf"  \label{{{label}}}"
    # Widths were only guessed above: what is too wide all the same is made smaller.
    yield rf"  \sbox0{{\begin{{tabular}}{{p{{{_NAME}pt}}{across}}}"
    yield r"    \toprule"
    heads = [_styled(_stacked(columns[place].head, left=columns[place].left), columns[place].style) for place in block]
    yield "    " + " & ".join((_name(name_head), *heads)) + r" \\"
    for part in parts:
        yield r"    \midrule"
        if part.title:
            yield rf"    \multicolumn{{{len(block) + 1}}}{{l}}{{\itshape {escaped(part.title)}}} \\"
        for row in part.rows:
            yield "    " + " & ".join((_name(row[0].text), *(row[place + 1].code for place in block))) + r" \\"
    yield r"    \bottomrule"
    yield r"  \end{tabular}}%"
    yield r"  \ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\usebox0}\else\usebox0\fi"
    yield from (r"\end{table}", "")


def _name(text: str) -> str:
    """Return a name's LaTeX, which may be broken behind its own signs too."""
    code = escaped(text)
    for sign in ":-/":
        code = code.replace(sign, rf"{sign}\allowbreak{{}}")
    return rf"\raggedright {code}" if text else ""


def _head_lines(text: str) -> list[str]:
    return textwrap.wrap(text, _HEAD) or [""]


def _stacked(text: str, *, left: bool) -> str:
    lines = [escaped(line) for line in _head_lines(text)]
    return lines[0] if len(lines) == 1 else rf"\shortstack[{'l' if left else 'r'}]{{" + r"\\".join(lines) + "}"


def _styled(code: str, style: str) -> str:
    return rf"\textcolor{{gray}}{{{code}}}" if style == "grey" and code else code
