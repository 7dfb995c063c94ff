"""The table as LaTeX, ready to be read into a paper with an input command; it needs booktabs and nothing else."""

from __future__ import annotations

import unicodedata

from t2ibench_reports._format import clean, count, failure
from t2ibench_reports._plain import cell_text, heads, row_texts
from t2ibench_reports._seeds import RANGE
from t2ibench_reports._tables import SECTION_TITLES, Cell, Column, Group, Leaderboard, Row, Section

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",  # a plain pdfLaTeX has no straight quotation mark
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "†": r"\dag{}",
    "±": r"$\pm$",
    "\u2013": "--",
    "…": r"\ldots{}",
    "λ": r"$\lambda$",
    "×": r"$\times$",  # noqa: RUF001
    "·": r"$\cdot$",
    "[": "{[}",
    "]": "{]}",
}


def latex(board: Leaderboard) -> str:
    """Return one table a group."""
    head = "% Made by `t2ibench report leaderboard`. In the preamble: \\usepackage{booktabs}\n"
    names = [_label(group) for group in board.groups]
    tables = []
    for group, name in zip(board.groups, names, strict=True):
        # Tables of single seeds are told apart by their seed.
        seed = f"-seed-{group.plan.seed}" if names.count(name) > 1 else ""
        tables.append(_table(group, name + seed))
    return head + "\n".join(tables)


def escaped(text: str) -> str:
    """Return text that LaTeX sets as it stands; what a plain pdfLaTeX cannot set is written as its code point."""
    return "".join(_SPECIAL.get(char) or _settable(char) for char in text)


def _settable(char: str) -> str:
    if char.isascii():
        return char
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    if "LATIN" in unicodedata.name(char, "") and ord(char) < 0x180:
        return char
    return "".join(_SPECIAL.get(part, part) for part in plain) or f"(U+{ord(char):04X})"


def _label(group: Group) -> str:
    text = f"{group.plan.dataset}-{group.plan.protocol}-{group.n}"
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in text)


def _table(group: Group, name: str) -> str:
    columns = heads(group)[: 2 + len(group.columns)]  # a printed page has room for the steps, not for the other costs
    lines = [
        r"\begin{table}",
        r"  \centering",
        r"  \caption{" + _caption(group) + "}",
        rf"  \begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}",
        r"    \toprule",
        "    " + " & ".join(escaped(head) for head in columns) + r" \\",
    ]
    for section in group.sections:
        lines.append(r"    \midrule")
        if section is not Section.MEASURED:
            title = escaped(SECTION_TITLES[section])
            lines.append(rf"    \multicolumn{{{len(columns)}}}{{l}}{{\itshape {title}}} \\")
        lines += [f"    {_row(row, group)}" for row in group.section(section)]
    return "\n".join(
        [
            *lines,
            r"    \bottomrule",
            r"  \end{tabular}",
            rf"  \label{{tab:t2ibench-{name}}}",
            r"\end{table}",
            "",
        ]
    )


def _row(row: Row, group: Group) -> str:
    texts = row_texts(row, group)
    cells = [_cell(cell, column) for column, cell in zip(group.columns, row.cells, strict=True)]
    return " & ".join([escaped(texts[0]), *cells, escaped(texts[1 + len(cells)])]) + r" \\"


def _cell(cell: Cell | None, column: Column) -> str:
    """Return a cell; the best value is bold, as papers do, and only where it is clearly the best."""
    if cell is not None and cell.record.value is None:
        return "failed"  # the caption says why
    text = escaped(cell_text(cell, column).replace("*", ""))
    return rf"\textbf{{{text}}}" if cell is not None and cell.mark == "best" else text


def _caption(group: Group) -> str:
    plan = group.plan
    sentences = [
        f"{plan.dataset}, split {plan.split}, protocol {plan.protocol}, {count(group.n)} pictures a row.",
        *(f"{column.title}: {column.subtitle}." for column in group.columns),
        f"In brackets: {RANGE}; nothing is ranked by it."
        if len(group.seeds) > 1
        else "Intervals in brackets. Bold: best, its interval apart from all others; ≈: no clear difference from the "
        "leading value.",
    ]
    if any(cell.record.judge_seen_in_training for _, _, cell in group.cells):
        sentences.append("†: trained with the network that judges here.")
    warnings = {clean(warning): None for _, _, cell in group.cells for warning in cell.record.warnings}
    sentences += [f"!: {warning}" for warning in warnings]
    sentences += [
        f"{row.label}, {column.title}: {failure(cell.record)}."
        for row, column, cell in group.cells
        if cell.record.value is None
    ]
    sentences += [f"THE EVALUATION IS BROKEN: {check.sentence}" for check in group.failed_checks]
    return escaped(" ".join(sentences))
