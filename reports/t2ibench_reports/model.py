"""One model: who made it and under what terms, every number it has, its images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from t2ibench_reports.details.details import details_of
from t2ibench_reports.details.model_parts import PARTS
from t2ibench_reports.details.rows import board_of, check_name, find_row, name_of, sample_grids
from t2ibench_reports.details.rows import details_of as words_on
from t2ibench_reports.rendering.data import values_frame
from t2ibench_reports.rendering.document import (
    Document,
    Head,
    Part,
    Place,
    Section,
    facts_of_plan,
    section_on,
    value_place,
)
from t2ibench_reports.rendering.rendered import rendered
from t2ibench_reports.table.format import clean, count, significant
from t2ibench_reports.table.tables import ORIGIN_TITLES, Group, Row
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pathlib import Path

    from t2ibench.core.interfaces import ReportInput

_LEAD: str = TEXTS["model"]["lead"]


class Model:
    """All that the results know of one model."""

    name: ClassVar[str] = "model"
    subjects: ClassVar[tuple[str, ...]] = ("NAME",)
    formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "json", "txt")
    default_formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "json")

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return model.<format> -> content for each format asked for.

        Raises:
            UserError: the row is unknown (near names are given), or a format is.
        """
        board = board_of(given, self.name)
        (name,) = given.subjects
        check_name(name, board)
        found = [(group, row) for group in board.groups if (row := find_row(name, group)) is not None]
        row = max((row for _, row in found), key=lambda one: (one.source.steps or 0, one.key))
        sections = [_card(row)]
        for group, one in found:
            sections.append(_section(group, one, given.images, name))
            kept = one.runs[0] if one.runs else one  # what lies behind a mean is that of its first training
            details = details_of(kept, given.details) if len(group.seeds) == 1 else None
            if details is not None:
                sections += (made for part in PARTS if (made := part(group, kept, details, given.details)) is not None)
        document = Document(self.name, row.label, _LEAD, tuple(sections), board.faults)
        values = [(group, *cell) for group, one in found for cell in group.all_cells if cell[0] in (one, *one.runs)]
        return rendered(
            document,
            given.formats,
            self.formats,
            lambda: values_frame(values),
            lambda: {"source": row.source.model_dump(mode="json")},
        )


def _card(row: Row) -> Section:
    source = row.source
    facts = facts_of_plan(
        (
            ("Name", name_of(row)),
            ("Paper", source.paper),
            ("Licence", source.licence),
            ("Origin", ORIGIN_TITLES[source.origin]),
            ("Learned from", source.trained_on),
            ("Steps", "" if source.steps is None else count(source.steps)),
            ("Weights", ", ".join(one.source.identity[:16] for one in row.runs or (row,))),
            ("Trained with", ", ".join(one[:12] for one in source.trained_with)),
        )
    )
    return Section("Card", facts=facts, notes=tuple(clean(note) for note in source.notes))


def _section(group: Group, row: Row, images: Path, name: str) -> Section:
    heads = (Head("Measure", kind="name"), Head("Value"), Head("Place", kind="text"), Head("Images", kind="cost"))
    rows = []
    for column, cell in zip(group.columns, row.cells, strict=True):
        if cell is None:
            continue
        place = cell.standing.text if cell.standing else column.no_verdict or "not ranked"
        rows.append(
            (
                Place(f"{column.title} {column.arrow}", column.subtitle, "name"),
                value_place(cell, column),
                Place(place, kind="text"),
                Place(count(cell.record.n), kind="cost"),
            )
        )
    ages = [one for one in group.rows if name_of(one) == name_of(row) and one.section is row.section]
    grids = sample_grids(sorted(ages, key=lambda one: (one.source.steps or 0, one.key)), images)
    speed = row.images_per_second
    facts = facts_of_plan(
        (
            ("Row", words_on(row)),
            (
                "Making images",
                "" if speed is None else f"{significant(speed)} images/s",
            ),
            ("Measuring", "" if row.seconds is None else f"{significant(row.seconds)} s"),
        )
    )
    others = [words_on(one) for one in ages if one is not row]
    notes = [f"{clean(name)} stands in this table {len(ages)} times; shown is the longest trained."] if others else []
    return section_on(
        group,
        facts=facts,
        heads=heads,
        parts=(Part("", "measured", tuple(rows)),),
        grids=grids,
        notes=tuple(notes),
        records=tuple(one for one in group.all_cells if one[0] in (row, *row.runs)),
    )
