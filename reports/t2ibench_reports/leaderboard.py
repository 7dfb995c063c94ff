"""The leaderboard: every number with its identity, its interval, its origin and its control rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from t2ibench_reports.details.rows import board_of, shared_captions
from t2ibench_reports.rendering.data import values_frame
from t2ibench_reports.rendering.document import (
    Document,
    Grid,
    Head,
    Part,
    Place,
    Section,
    Strip,
    cost_place,
    head_of,
    runs_of,
    section_on,
    value_place,
)
from t2ibench_reports.rendering.images import tiles
from t2ibench_reports.rendering.rendered import TableReport, rendered
from t2ibench_reports.table.format import clean, count, sentence_list, short_count, significant
from t2ibench_reports.table.notes import HOW_TO_READ, group_notes
from t2ibench_reports.table.seeds import RANGE
from t2ibench_reports.table.tables import ORIGIN_TITLES, SECTION_TITLES, Group, Row
from t2ibench_reports.table.tables import Section as Table
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pathlib import Path

    from t2ibench.core.interfaces import ReportInput

_NOT_PRINTED = Place("-", kind="none")
_STEPS = Head("Steps", "trained", "cost", sort="lower")
_TRAINING = (
    Head("Parameters", "of the model", "cost", sort="lower"),
    Head("Images", "shown in training", "cost", sort="lower", terse="Training images"),
    Head("Seconds", "to train", "cost", sort="lower", terse="Training s"),
)
_COSTS = (
    Head("Images/s", "generated", "cost", sort="higher"),
    Head("Seconds", "to measure", "cost", sort="lower", terse="Measuring s"),
)
_MARKS: str = TEXTS["leaderboard"]["marks"]


class Leaderboard(TableReport):
    """Who is better, by how much, and whether the difference is real."""

    name: ClassVar[str] = "leaderboard"

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return leaderboard.<format> -> content for each format asked for.

        Raises:
            UserError: there are no records, or a format is unknown.
        """
        board = board_of(given, self.name, printed=True)
        labels = [_label(group) for group in board.groups]
        sections = []
        for group, label in zip(board.groups, labels, strict=True):
            # Tables of single seeds are told apart by their seed.
            own = f"{label}-seed-{group.plan.seed}" if labels.count(label) > 1 else label
            sections.append(_section(group, own, given.images))
        document = Document(self.name, "Leaderboard", HOW_TO_READ, tuple(sections), board.faults)
        values = [(group, *found) for group in board.groups for found in group.all_cells]
        return rendered(document, given.formats, self.formats, lambda: values_frame(values))


def _label(group: Group) -> str:
    text = f"{group.plan.dataset}-{group.plan.protocol}-{group.n}"
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in text)


def _section(group: Group, label: str, images: Path) -> Section:
    plan = group.plan
    facts = [
        ("Images a row", count(group.n)),
        ("Split", plan.split),
        *([("Resolution", f"{plan.resolution} px")] if plan.resolution else []),
        ("Protocol", f"`{plan.protocol_digest[:8]}`"),
        ("Data", f"`{plan.manifest[:8]}`"),
        ("Plan", f"`{plan.digest[:8]}`"),
    ]
    return section_on(
        group,
        plan=tuple((name, clean(text)) for name, text in facts),
        checks=group.checks,
        heads=(
            Head("Source of images", kind="name", sort="text"),
            *map(head_of, group.columns),
            _STEPS,
            *(_TRAINING if group.knows_training else ()),
            *_COSTS,
        ),
        parts=tuple(
            Part(SECTION_TITLES[section], section.value, tuple(_row(row, group) for row in group.section(section)))
            for section in group.sections
        ),
        runs=runs_of(group.rows, lambda row: _row(row, group)),
        grids=_gallery(group, images),
        notes=group_notes(group),
        caption=tuple(_caption(group)),
        label=label,
        records=tuple(group.all_cells),
    )


def _row(row: Row, group: Group) -> tuple[Place, ...]:
    source, speed, seconds = row.source, row.images_per_second, row.seconds
    training = (
        cost_place(source.parameters, short_count(source.parameters or 0)),
        cost_place(source.training_images),
        cost_place(source.training_seconds, significant(source.training_seconds or 0)),
    )
    return (
        Place(row.label, " · ".join(row.told), "name", origin=ORIGIN_TITLES[source.origin]),
        *(
            _NOT_PRINTED if cell is None and row.section is Table.REPORTED else value_place(cell, column)
            for column, cell in zip(group.columns, row.cells, strict=True)
        ),
        cost_place(source.steps),
        *(training if group.knows_training else ()),
        cost_place(speed, significant(speed or 0)),
        cost_place(seconds, significant(seconds or 0)),
    )


def _caption(group: Group) -> list[str]:
    """Return the sentences of a paper's table, shorter than the notes."""
    records = [cell.record for _, _, cell in group.cells]
    over_seeds = f"In brackets: {RANGE}; nothing is ranked by it."
    sentences = [f"Split {clean(group.plan.split)}.", over_seeds if len(group.seeds) > 1 else _MARKS]
    if any(record.judge_seen_in_training for record in records):
        sentences.append("†: trained with the network that judges here.")
    warnings = dict.fromkeys(clean(warning) for record in records for warning in record.warnings)
    return sentences + [f"!: {warning}" for warning in warnings]


def _gallery(group: Group, images: Path) -> tuple[Grid, ...]:
    """Return the sample images, a source a row; those with captions of their own have them below their images."""
    rows = [(row, found) for row in group.rows if (found := tiles(images, row.image))]
    if not rows:
        return ()
    captions = [tuple(tile.caption for tile in found) for _, found in rows]
    shared = shared_captions(captions)
    strips = tuple(
        Strip(
            row.label,
            found,
            " · ".join(row.details),
            row.section.value,
            ORIGIN_TITLES[row.source.origin],
            captioned=own != shared,
        )
        for (row, found), own in zip(rows, captions, strict=True)
    )
    apart = sentence_list(strip.name for strip in strips if strip.captioned)
    but = f" but {apart}, whose own stand below the images" if apart else ""
    hint = f"The first captions of the plan, the same for every row{but}; not chosen by anyone."
    return (Grid("Source", tuple((caption, "") for caption in shared), strips, hint, by_source=True),)
