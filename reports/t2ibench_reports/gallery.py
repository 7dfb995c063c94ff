"""Sample images: a caption a row, a source of images a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from t2ibench.core.errors import UserError
from t2ibench_reports.details.details import details_of
from t2ibench_reports.details.insides import HOW_TO_LOOK, insides_of
from t2ibench_reports.details.rows import board_of, sample_grids
from t2ibench_reports.rendering.document import Document, Section, section_on
from t2ibench_reports.rendering.rendered import rendered
from t2ibench_reports.table.controls import CONTROL_ORDER
from t2ibench_reports.table.format import sentence_list
from t2ibench_reports.table.tables import Group, Row
from t2ibench_reports.table.tables import Section as Part_of
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pathlib import Path

    from t2ibench.core.interfaces import ReportInput

_LEAD: str = TEXTS["gallery"]["lead"]
_SILENT: str = TEXTS["gallery"]["silent"]


class Gallery:
    """What the models draw of the same captions."""

    name: ClassVar[str] = "gallery"
    formats: ClassVar[tuple[str, ...]] = ("html", "txt")
    default_formats: ClassVar[tuple[str, ...]] = ("html",)

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return gallery.<format> -> content for each format asked for.

        Raises:
            UserError: there are no records or no images, or a format is unknown.
        """
        board = board_of(given, self.name)
        sections = tuple(
            made for group in board.groups if (made := _section(group, given.images, given.details)) is not None
        )
        if not sections:
            raise UserError(
                "The results hold no sample images. `t2ibench eval --models attngan --data simbirds` keeps some of "
                "each row beside its numbers."
            )
        document = Document(self.name, "Gallery", _LEAD, sections, board.faults)
        return rendered(document, given.formats, self.formats)


def _section(group: Group, images: Path, details: Path) -> Section | None:
    if len(group.seeds) > 1:  # each seed's own table has its images
        return None
    rows = sorted(group.rows, key=_order)
    grids = sample_grids(rows, images)
    if not grids:
        return None
    insides = {row.key: insides_of(row, details) for row in rows}
    silent = [row.label for row in rows if row.section is Part_of.MEASURED and not insides[row.key]]
    notes = [HOW_TO_LOOK] if any(details_of(row, details) for row in rows) else []
    notes += [_SILENT.format(sentence_list(silent))] if silent and any(insides.values()) else []
    return section_on(
        group,
        grids=grids,
        insides=tuple(inside for row in rows for inside in insides[row.key]),
        notes=tuple(notes),
    )


def _order(row: Row) -> tuple[int, int, str, int]:
    """Return the sort key: the ground truth, the models by name and steps, the other controls."""
    control = row.section is Part_of.CONTROL
    first = row.source.name != "ground-truth"
    place = CONTROL_ORDER.get(row.source.name.partition(":")[0], len(CONTROL_ORDER)) if control else 0
    return (int(first) + int(control and first), place, row.label, row.source.steps or 0)
