"""The tables of a probe: its figures beside those of drawn birds and of a model that ignores the words that change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from t2ibench_reports.probes.records import ProbeRecord, ProbeScore
from t2ibench_reports.rendering.document import Head, Part, Place
from t2ibench_reports.table.format import clean, count, number
from t2ibench_reports.table.whiskers import whisker_of

MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "asked": ("Asked for ↑", "%"),
    "whole": ("Whole caption ↑", "%"),
    "rest": ("Rest of caption ↑", "%"),
    "alone": ("Only it changed ↑", "%"),
    "kept": ("Not named, kept", "%"),
    "pixels": ("Pixels changed", "%"),
    "difference": ("Mean change", "of 255"),
}
"""Measure -> (head, unit), in the order of the columns."""

DRAWN: Final = "Drawn to fit"
DEAF: Final = "Deaf to the words"
_DEAF: Final[Mapping[str, float]] = {"alone": 0.0, "kept": 100.0, "pixels": 0.0, "difference": 0.0}


def main_table(record: ProbeRecord) -> tuple[tuple[Head, ...], tuple[Part, ...]]:
    """Return (heads, parts) of all figures that are not about one part of the image; empty where there are none."""
    scored = {one.group for one in record.scores if one.row == "model"}
    groups = [group for group in record.groups if group in scored]
    measures = [
        name
        for name in MEASURES
        if any(record.score("model", name, group=group) for group in groups)
        and (name != "whole" or record.kind == "compositions")
    ]
    if not measures:
        return (), ()
    heads = (Head("Images", kind="name"), *(Head(head_text(name)) for name in measures))
    measured, controls = [], []
    for group in groups:
        measured.append((_name(record.source.label, group), *(_value(record, "model", one, group) for one in measures)))
        if any(record.score("drawn", one, group=group) for one in measures):
            controls.append((_name(DRAWN, group), *(_value(record, "drawn", one, group) for one in measures)))
        asked = record.score("model", "asked", group=group)
        if asked is not None and asked.deaf is not None:
            controls.append((_name(DEAF, group), *(_deaf(record, one, group) for one in measures)))
    parts = [Part("Model", "measured", tuple(measured))]
    if controls:
        parts.append(Part("What there is to reach, and what luck gets", "control", tuple(controls)))
    return heads, tuple(parts)


def part_table(record: ProbeRecord) -> tuple[tuple[Head, ...], tuple[Part, ...]]:
    """Return (heads, parts) of what was asked for and shown, a part of the image a row; empty where none is known."""
    rows = []
    for score in record.scores:
        if score.row != "model" or score.measure != "asked" or not score.subject:
            continue
        drawn = record.score("drawn", "asked", subject=score.subject, group=score.group)
        deaf = Place("-", kind="none") if score.deaf is None else Place(f"≤ {number(score.deaf, 0)}", kind="cost")
        rows.append((_name(score.subject, score.group), _place(score), _place(drawn), deaf, _count(score)))
    if not rows:
        return (), ()
    heads = (
        Head("Part", kind="name"),
        Head(head_text("asked")),
        Head(f"{DRAWN} (%)"),
        Head(f"{DEAF} (%)", kind="cost"),
        Head("Of", kind="cost"),
    )
    order = {subject: place for place, subject in enumerate(dict.fromkeys(one[0].text for one in rows))}
    groups = {group: place for place, group in enumerate(record.groups)}
    rows.sort(key=lambda row: (groups.get(row[0].below, 0), order[row[0].text]))
    return heads, (Part("", "measured", tuple(rows)),)


def word_table(record: ProbeRecord) -> tuple[tuple[Head, ...], tuple[Part, ...]]:
    """Return (heads, parts) of every word that was replaced, the captions' words in order; empty for other probes."""
    if not record.words:
        return (), ()
    attended = any(word.attention is not None for word in record.words)
    heads = [Head("Word", kind="name"), Head(head_text("difference")), Head(head_text("pixels"), kind="cost")]
    if attended:
        heads.insert(1, Head("Attention (%)"))
    most = max(word.difference for word in record.words) or 1.0
    parts = []
    for number_, question in enumerate(record.questions):
        words = [word for word in record.words if word.question == number_]
        top = max((word.attention for word in words if word.attention is not None), default=None)
        changed = max((word.difference for word in words), default=0.0)
        rows = []
        for word in words:
            places = [
                Place(clean(question.variants[word.column].label), kind="name"),
                Place(
                    number(word.difference, 1),
                    "most" if word.difference == changed else "",
                    drawing=whisker_of(word.difference, word.difference, word.difference, (0.0, most)),
                ),
                Place(number(word.pixels, 1), kind="cost"),
            ]
            if attended:
                share = Place("-", kind="none")
                if word.attention is not None:
                    share = Place(number(100 * word.attention, 1), "most" if word.attention == top else "")
                places.insert(1, share)
            rows.append(tuple(places))
        if rows:
            parts.append(Part(clean(question.title), "measured", tuple(rows)))
    return tuple(heads), tuple(parts)


def head_text(measure: str) -> str:
    """Return the head of a measure's column with its unit, as in "Asked for, shown (%) ↑"."""
    title, unit = MEASURES[measure]
    return f"{title.removesuffix(' ↑')} ({unit}){' ↑' if title.endswith('↑') else ''}"


def _name(label: str, group: str) -> Place:
    return Place(clean(label), clean(group), "name")


def _value(record: ProbeRecord, row: str, measure: str, group: str) -> Place:
    place = _place(record.score(row, measure, group=group))
    # Without drawings all columns fit on a page.
    return place if place.kind == "none" else replace(place, drawing=None, kind="plain")


def _place(score: ProbeScore | None) -> Place:
    if score is None:
        return Place("-", kind="none")
    ends = score.interval
    below = f"[{number(ends.low, 1)}, {number(ends.high, 1)}]" if ends else "no interval"
    method = f"{ends.method}; " if ends else ""
    low, high = (ends.low, ends.high) if ends else (score.value, score.value)
    drawing = whisker_of(score.value, low, high, (0.0, 100.0))
    return Place(number(score.value, 1), below, hint=f"{clean(method)}n {count(score.n)}", drawing=drawing)


def _count(score: ProbeScore) -> Place:
    return Place(count(score.n), kind="cost")


def _deaf(record: ProbeRecord, measure: str, group: str) -> Place:
    if measure == "asked":
        score = record.score("model", "asked", group=group)
        return Place("-" if score is None or score.deaf is None else f"≤ {number(score.deaf, 0)}", kind="cost")
    value = _DEAF.get(measure)
    known = value is not None and record.score("model", measure, group=group) is not None
    return Place(number(value, 0), kind="cost") if known and value is not None else Place("-", kind="none")
