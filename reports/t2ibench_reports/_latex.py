"""The leaderboard as LaTeX, ready to be read into a paper with an input command; it needs booktabs and graphicx."""

from __future__ import annotations

from t2ibench_reports._format import bounds, clean, count, failure, number, spreads
from t2ibench_reports._latex_table import PACKAGES, LatexColumn, LatexPart, LatexPlace, latex_tables
from t2ibench_reports._plain import heads, marks, row_texts
from t2ibench_reports._seeds import RANGE
from t2ibench_reports._tables import SECTION_TITLES, Cell, Column, Group, Leaderboard, Row, Section


def latex(board: Leaderboard) -> str:
    """Return one table a group, several for one that is too wide for a page."""
    head = f"% Made by `t2ibench report leaderboard`. In the preamble: {PACKAGES}\n"
    names = [_label(group) for group in board.groups]
    tables = []
    for group, name in zip(board.groups, names, strict=True):
        # Tables of single seeds are told apart by their seed.
        seed = f"-seed-{group.plan.seed}" if names.count(name) > 1 else ""
        tables.append(_table(group, name + seed))
    return head + "\n".join(tables)


def _label(group: Group) -> str:
    text = f"{group.plan.dataset}-{group.plan.protocol}-{group.n}"
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in text)


def _table(group: Group, name: str) -> str:
    titles = heads(group)
    first_cost = 1 + len(group.columns)
    columns = [LatexColumn(title, later=place >= first_cost) for place, title in enumerate(titles[1:], start=1)]
    parts = [
        LatexPart(
            "" if section is Section.MEASURED else SECTION_TITLES[section],
            tuple(_row(row, group) for row in group.section(section)),
        )
        for section in group.sections
    ]
    return latex_tables(_caption(group), f"tab:t2ibench-{name}", titles[0], columns, parts)


def _row(row: Row, group: Group) -> tuple[LatexPlace, ...]:
    texts = row_texts(row, group)
    cells = (_cell(cell, column) for column, cell in zip(group.columns, row.cells, strict=True))
    return (LatexPlace(texts[0]), *cells, *map(LatexPlace, texts[1 + len(group.columns) :]))


def _cell(cell: Cell | None, column: Column) -> LatexPlace:
    """Return a cell; the best value is bold, as papers do, and only where it is clearly the best."""
    if cell is None:
        return LatexPlace("not measured")
    record = cell.record
    if record.value is None:
        return LatexPlace("failed")  # the caption says why
    small = bounds(record.interval, column.decimals) if record.interval is not None else "; ".join(spreads(record))
    small += f" n={count(record.n)}" if cell.other_n else ""
    text = number(record.value, column.decimals) + marks(cell).replace("*", "")
    return LatexPlace(text, small.strip(), "bold" if cell.mark == "best" else "")


def _caption(group: Group) -> str:
    plan = group.plan
    sentences = [
        f"{plan.dataset}, split {plan.split}, protocol {plan.protocol}, {count(group.n)} images a row.",
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
    return " ".join(sentences)
