"""Finding rows of a table by what a user types, and the pictures that belong to them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from t2ibench.errors import UserError, unknown_name
from t2ibench.interfaces import ReportInput
from t2ibench_reports._document import Grid
from t2ibench_reports._format import clean
from t2ibench_reports._pictures import Tile, tiles
from t2ibench_reports._tables import Group, Leaderboard, Row, Section, build


def board_of(given: ReportInput, report: str) -> Leaderboard:
    """Return the tables of all records.

    Raises:
        UserError: there are none.
    """
    if not given.records:
        reason = f" ({given.faults[0]})" if given.faults else ""
        raise UserError(
            f"There are no results for the report {report}{reason}. `t2ibench quickstart` makes some in about ten "
            "minutes; `t2ibench eval --models attngan --data simbirds` measures a trained model."
        )
    # Faults name a file by its whole path; the page must be the same wherever the results folder lies.
    folder = f"{given.pictures.parent}/"
    return build(given.records, [fault.replace(folder, "") for fault in given.faults])


def find_row(name: str, group: Group) -> Row | None:
    """Return the row that a name means in a table, of several the longest trained; None where there is none.

    Args:
        name: "attngan", "attngan:brief", "ground-truth", or with "@" and the first digits of the weights.
        group: the table.
    """
    found = [row for row in group.rows if section_fits(row) and _means(name, row)]
    return max(found, key=lambda row: (row.source.steps or 0, row.key)) if found else None


def section_fits(row: Row) -> bool:
    """Return whether a row was measured here."""
    return row.section is not Section.REPORTED


def check_name(name: str, board: Leaderboard) -> None:
    """Refuse a name that no row of any table has, with near names."""
    rows = [row for group in board.groups for row in group.rows if section_fits(row)]
    if not any(_means(name, row) for row in rows):
        known = {name_of(row) for row in rows}
        raise unknown_name("row with results", clean(name), known, hint="`t2ibench eval` measures further ones.")


def name_of(row: Row) -> str:
    """Return what a row is named by, as in "attngan:brief"."""
    name, variant = clean(row.source.name), clean(row.source.variant)
    return f"{name}:{variant}" if variant and ":" not in name and row.section is Section.MEASURED else name


def details_of(row: Row) -> str:
    """Return the row's details with its steps."""
    steps = () if row.source.steps is None else (f"{row.source.steps:,} steps",)
    return " · ".join((*row.details, *steps))


def sample_grid(rows: Iterable[Row], folder: Path) -> Grid | None:
    """Return the sample pictures of rows: a caption a row, a source of pictures a column; None where there are none."""
    columns = [(row, found) for row in rows if (found := tiles(folder, row.picture))]
    if not columns:
        return None
    captions: dict[str, None] = {}
    placed: list[dict[str, Tile]] = []
    for _, found in columns:
        by_caption: dict[str, Tile] = {}
        for place, tile in enumerate(found, start=1):
            by_caption.setdefault(tile.caption or f"picture {place}", tile)
        captions.update(dict.fromkeys(by_caption))
        placed.append(by_caption)
    return Grid(
        "Caption",
        tuple((row.label, details_of(row)) for row, _ in columns),
        tuple((caption, tuple(one.get(caption) for one in placed)) for caption in captions),
        "The first captions of the plan, the same for every source; not chosen by anyone.",
    )


def _means(name: str, row: Row) -> bool:
    label, _, digits = name.partition("@")
    source = row.source
    return label in (source.name, name_of(row), source.title) and source.identity.startswith(digits)
