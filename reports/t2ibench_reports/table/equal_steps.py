"""Who is ahead among rows trained equally long: in a component analysis more training is no component."""

from __future__ import annotations

from dataclasses import replace

from t2ibench_reports.table.ranking import Standing, rank
from t2ibench_reports.table.tables import Cell, Group, Row, Section
from t2ibench_reports.texts import TEXTS

RULE: str = TEXTS["equal_steps"]["rule"]


def by_steps(group: Group) -> dict[int | None, list[Row]]:
    """Return steps -> the measured rows of so many."""
    found: dict[int | None, list[Row]] = {}
    for row in group.section(Section.MEASURED):
        found.setdefault(row.source.steps, []).append(row)
    return found


def ranked_by_steps(group: Group) -> Group:
    """Return the group with each value's standing among the rows of its own steps; as it is where all have the same."""
    ages = by_steps(group)
    if len(ages) < 2:
        return group
    cells = {row.key: list(row.cells) for row in group.rows}
    columns = []
    for place, column in enumerate(group.columns):
        reasons = []
        for rows in ages.values():
            standings, reason = rank({row.key: cell.record for row in rows if (cell := row.cells[place]) is not None})
            reasons.append(reason)
            for row in rows:
                cells[row.key][place] = _standing(row.cells[place], standings.get(row.key))
        why = "not ranked, because no two rows of equal steps can be" if len(set(reasons)) > 1 else reasons[0]
        columns.append(replace(column, no_verdict="" if "" in reasons else why))
    ranked = tuple(replace(row, cells=tuple(cells[row.key])) for row in group.rows)
    return replace(group, columns=tuple(columns), rows=ranked)


def _standing(cell: Cell | None, standing: Standing | None) -> Cell | None:
    return None if cell is None else replace(cell, standing=standing)
