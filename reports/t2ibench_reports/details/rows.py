"""Finding rows of a table by what a user types, and the images that belong to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from t2ibench.core.errors import UserError, unknown_name
from t2ibench.core.interfaces import ReportInput
from t2ibench_reports.rendering.document import Grid, Strip
from t2ibench_reports.rendering.images import Tile, tiles
from t2ibench_reports.table.format import clean
from t2ibench_reports.table.tables import Group, Leaderboard, Row, Section, build

_APART = 8
"""So many images are shown of a source that stands apart."""


def board_of(given: ReportInput, report: str, *, printed: bool = False) -> Leaderboard:
    """Return the tables of all records; `printed` as for `build`.

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
    folder = f"{given.images.parent}/"
    return build(given.records, [fault.replace(folder, "") for fault in given.faults], printed=printed)


def find_row(name: str, group: Group) -> Row | None:
    """Return the row that a name means in a table, of several the longest trained; None where there is none.

    A name with weights means a single training, which may stand behind a row that is the mean of several.

    Args:
        name: "attngan", "attngan:brief", "ground-truth", or with "@" and the first digits of the weights.
        group: the table.
    """
    rows = [row for row in group.rows if row.section is not Section.REPORTED]
    found = [row for row in rows if _means(name, row)]
    found = found or [run for row in rows for run in row.runs if _means(name, run)]
    return max(found, key=lambda row: (row.source.steps or 0, row.key)) if found else None


def check_name(name: str, board: Leaderboard) -> None:
    """Refuse a name that no row of any table has, with near names."""
    measured = [row for group in board.groups for row in group.rows if row.section is not Section.REPORTED]
    rows = [one for row in measured for one in (row, *row.runs)]
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
    return " · ".join((*row.told, *steps))


def sample_grids(rows: Iterable[Row], folder: Path) -> tuple[Grid, ...]:
    """Return the sample images of rows: a caption a row, a source of images a column; empty where there are none.

    A source with captions of its own (real images of the training split, a folder) stands in a grid of its own: among
    the others its rows would be empty for all but itself.
    """
    columns = [(row, by_caption) for row in rows if (by_caption := _by_caption(tiles(folder, row.image)))]
    if not columns:
        return ()
    shared = shared_captions([tuple(found) for _, found in columns])
    joined = [(row, found) for row, found in columns if shares(tuple(found), shared)]
    apart = [(row, found) for row, found in columns if not shares(tuple(found), shared)]
    few = "The first captions of the plan, the same for every source{}; not chosen by anyone."
    grids = [_grid(joined, shared, few.format(" but those shown apart" if apart else ""))]
    for row, found in apart:
        reason = f"{row.label} has captions of its own, so it stands apart."
        grids.append(_grid([(row, found)], tuple(found)[:_APART], reason, "Samples of other captions"))
    return tuple(grids)


def shared_captions(found: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the captions that most sources have, of equally many the first's; () where there are no sources."""
    counts = Counter(found)
    return max(counts, key=lambda captions: counts[captions], default=())


def shares(captions: tuple[str, ...], shared: tuple[str, ...]) -> bool:
    """Return whether a source belongs among those with the shared captions: half of its own are among them."""
    return 2 * len(set(captions) & set(shared)) >= len(captions)


def _by_caption(found: Sequence[Tile]) -> dict[str, Tile]:
    by_caption: dict[str, Tile] = {}
    for place, tile in enumerate(found, start=1):
        by_caption.setdefault(tile.caption or f"image {place}", tile)
    return by_caption


def _grid(
    columns: Sequence[tuple[Row, dict[str, Tile]]], captions: Sequence[str], hint: str, title: str = "Samples"
) -> Grid:
    return Grid(
        "Caption",
        tuple((row.label, details_of(row)) for row, _ in columns),
        tuple(Strip(caption, tuple(found.get(caption) for _, found in columns)) for caption in captions),
        hint,
        title,
    )


def _means(name: str, row: Row) -> bool:
    label, _, digits = name.partition("@")
    source = row.source
    return label in (source.name, name_of(row), source.title) and source.identity.startswith(digits)
