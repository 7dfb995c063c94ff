"""Probes: one thing of a caption changed while the noise stays, and what followed in the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from t2ibench.core.records import PROBES
from t2ibench_reports.kept import require_kept
from t2ibench_reports.probes.records import Asked, ProbeRecord, read_probes
from t2ibench_reports.probes.sheet import sheet, strips
from t2ibench_reports.probes.tables import MEASURES, main_table, part_table, word_table
from t2ibench_reports.rendering.document import Document, Grid, Section, Strip, facts_of_plan
from t2ibench_reports.rendering.images import tile_of
from t2ibench_reports.rendering.rendered import rendered
from t2ibench_reports.table.format import clean, count, sentence_list
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pandas import DataFrame

    from t2ibench.core.interfaces import ReportInput

_LEAD: str = TEXTS["probe"]["lead"]
_MEANINGS: dict[str, str] = TEXTS["probe"]["meanings"]
_READ_BACK: str = TEXTS["probe"]["read_back"]
_STATED: str = TEXTS["probe"]["stated"]
_DEAF: str = TEXTS["probe"]["deaf"]


_COLUMNS: Final = (
    "dataset", "probe", "model", "identity", "seed", "noises", "row", "group", "part", "measure", "unit", "value",
    "interval_low", "interval_high", "interval_level", "interval_method", "n", "deaf_at_most",
)  # fmt: skip


class Probe:
    """What models make of captions that differ in one thing."""

    name: ClassVar[str] = "probe"
    formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "json", "png", "txt")
    default_formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "json", "png")

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return probe.<format> -> content for each format asked for; images are a PNG a probe.

        `given.subjects` are ids of records; none means all.

        Raises:
            UserError: there are no probes, or a format is unknown.
        """
        results = given.images.parent
        records, faults = read_probes(results, given.subjects)
        advice = "`t2ibench probe colours attngan` makes one with a model that comes with the package."
        require_kept(records, faults, "There are no probes in the results", advice)
        sections = tuple(section for record in records for section in _sections(record, results))
        document = Document(self.name, _title(records), _LEAD, sections, (*given.faults, *faults))
        wanted = [name for name in given.formats if name not in ("png", "txt")]
        further = {"probes": [record.model_dump(mode="json") for record in records]}
        files = dict(rendered(document, wanted, self.formats, lambda: _frame(records), lambda: further))
        if "txt" in given.formats:  # a terminal shows no images
            bare = replace(document, sections=tuple(replace(section, grids=()) for section in sections))
            files |= rendered(bare, ("txt",), self.formats)
        if "png" in given.formats:
            files |= {f"{_stem(record, records)}.png": sheet(record, results) for record in records}
        return files


def _title(records: Sequence[ProbeRecord]) -> str:
    if len(records) == 1:
        return f"Probe of {clean(records[0].probe)}: {clean(records[0].source.label)}"
    return "Probes"


def _sections(record: ProbeRecord, results: Path) -> list[Section]:
    """Return the sections of a probe: figures with the images, then figures by part, then by word."""
    label = clean(record.source.label)
    small = clean(f"{label} on {record.dataset}")
    facts = facts_of_plan(
        (
            ("Probe", record.title),
            ("Model", f"{record.source.title}{_steps(record)}, {record.source.identity[:12]}"),
            ("Noises", f"{count(record.rows)} a caption, seed {record.seed}; the first are shown"),
            ("Read by", "" if record.judge is None else f"{record.judge.get('name', '')}, a stand-in network"),
            ("Unknown words", ", ".join(record.unknown_words)),
        )
    )
    heads, parts = main_table(record)
    grids = tuple(made for question in record.questions if (made := _grid(question, results / PROBES / record.folder)))
    title = clean(record.probe)
    sections = [Section(title, small, facts=facts, heads=heads, parts=parts, grids=grids, notes=tuple(_notes(record)))]
    if (read := _read_back(record, results / PROBES / record.folder)) is not None:
        by = clean(str((record.captioner or {}).get("captions", "")))
        sections.append(Section(f"{title}, read back", small, grids=(read,), notes=(_READ_BACK.format(by),)))
    heads, parts = part_table(record)
    if heads:
        sections.append(Section(f"{title}, by part", small, heads=heads, parts=parts))
    heads, parts = word_table(record)
    if heads:
        sections.append(Section(f"{title}, one by one", small, heads=heads, parts=parts, notes=_attended(record)))
    return sections


def _steps(record: ProbeRecord) -> str:
    return "" if record.source.steps is None else f", {count(record.source.steps)} steps"


def _grid(question: Asked, folder: Path) -> Grid | None:
    rows = strips(question, folder)
    if not rows:
        return None
    captions = [clean(one.text) for one in question.variants]
    tiles: list[Strip] = []
    for label, images in rows:
        tiles.append(Strip(label, tuple(tile_of(*pair) for pair in zip(images, captions, strict=True))))
    seen = [f"in {count(number)} training captions" for number in question.training_captions]
    heads = tuple(
        (clean(one.label), seen[place] if place < len(seen) else "") for place, one in enumerate(question.variants)
    )
    return Grid("Noise", heads, tuple(tiles), title=clean(question.title))


def _read_back(record: ProbeRecord, folder: Path) -> Grid | None:
    """Return what a captioner reads in the first wordings' images; of what never happens, of all wordings."""
    found: list[Strip] = []
    noises = 0
    for question in record.questions:
        rows = [images for _, images in strips(question, folder)][: len(question.read_back)]
        wordings = len(question.variants) if question.pairing == "none" else 1
        if not rows or any(len(said) != len(question.variants) for said in question.read_back):
            continue
        noises = max(noises, len(rows))
        for column in range(wordings):
            pairs = zip(rows, question.read_back, strict=False)
            tiles = tuple(tile_of(images[column], clean(said[column])) for images, said in pairs)
            found.append(Strip(clean(question.variants[column].text), tiles, captioned=True))
    heads = tuple((f"noise {place}", "") for place in range(1, noises + 1))
    return Grid("Caption", heads, tuple(found), title="What it reads in them") if found else None


def _notes(record: ProbeRecord) -> list[str]:
    groups = ("", *record.groups)
    used = [name for name in MEASURES if any(record.score("model", name, group=group) for group in groups)]
    meanings = {**_MEANINGS, **({"asked": _STATED} if record.kind == "compositions" else {})}
    notes = [meanings[name] for name in used if name != "whole" or record.kind == "compositions"]
    for gap in (one for one in record.scores if one.row == "model" and one.measure == "gap"):
        ends = f" [{gap.interval.low:+.1f}, {gap.interval.high:+.1f}]" if gap.interval else ""
        notes.append(
            f"Whole captions shown, {clean(gap.group)} less seen in training, paired by noise: {gap.value:+.1f}{ends} "
            "points. Both say the same words, paired otherwise."
        )
    if any(score.deaf is not None for score in record.scores):
        notes.append(_DEAF)
    if any(score.row == "drawn" for score in record.scores):
        notes.append(
            f"Drawn to fit: {record.truth_rows} images a caption that fit it and are alike in all else, read by the "
            "same network: the ceiling of each figure, and the network's own errors."
        )
    methods = dict.fromkeys(clean(one.interval.method) for one in record.scores if one.interval)
    if methods:
        notes.append(
            f"95% intervals: {'; '.join(methods)}. They are over noises, for these captions; other captions may give "
            "other figures."
        )
    notes += [clean(note) for note in record.source.notes]
    if record.judge is None:
        notes.append("Nothing reads these images exactly enough to score them: they are shown.")
    if record.unknown_words:
        words = sentence_list(clean(word) for word in record.unknown_words)
        notes.append(f"The model does not know {words}: where only such words differ, nothing can.")
    return notes


def _attended(record: ProbeRecord) -> tuple[str, ...]:
    """Return sentences about whether the word of most attention is the one that changes the image most."""
    asked = hits = 0
    chance = 0.0
    for number in range(len(record.questions)):
        words = [word for word in record.words if word.question == number and word.attention is not None]
        if len(words) < 2:
            continue
        asked += 1
        chance += 1 / len(words)
        top = max(words, key=lambda word: word.attention or 0.0)
        hits += top.difference == max(word.difference for word in words)
    notes = []
    if asked:
        notes.append(
            f"In {hits} of {asked} captions the word attended to most is the one whose replacement changes the image "
            f"most; by luck it would be {chance:.1f}."
        )
        for group in dict.fromkeys(one.group for one in record.scores if one.group and one.measure == "difference"):
            score = record.score("model", "difference", group=group)
            if score is not None:
                ends = f" [{score.interval.low:.1f}, {score.interval.high:.1f}]" if score.interval else ""
                notes.append(f"Mean change by replacing {clean(group)}: {score.value:.1f}{ends} of 255.")
        notes.append("Attention is the mean over the places of the image and over the stages, of the original caption.")
    else:
        notes.append(
            "The model has no attention to words: every word that has another of its kind was replaced in turn."
        )
    return tuple(notes)


def _frame(records: Sequence[ProbeRecord]) -> DataFrame:
    """Return a row a figure; a row without one for a probe that is only shown."""
    from pandas import DataFrame

    lines: list[dict[str, Any]] = []
    for record in records:
        told = {"model": record.source.label, "identity": record.source.identity, "noises": record.rows}
        base = {"dataset": record.dataset, "probe": record.probe, "seed": record.seed, **told}
        for score in record.scores:
            ends = score.interval.model_dump() if score.interval else {"method": ""}
            unit = MEASURES[score.measure][1] if score.measure in MEASURES else ""
            own = {"part": score.subject, "unit": unit, "deaf_at_most": score.deaf}
            interval = {f"interval_{name}": value for name, value in ends.items()}
            lines.append({**base, **score.model_dump(include=set(_COLUMNS)), **own, **interval})
        if not record.scores:
            lines.append({**base, "measure": "shown"})
    return DataFrame(lines, columns=list(_COLUMNS)).astype({"n": "Int64"})


def _stem(record: ProbeRecord, records: Sequence[ProbeRecord]) -> str:
    """Return the name of a probe's PNG: "probe" alone, else with what tells it from the others."""
    if len(records) == 1:
        return "probe"
    parts = (record.dataset, record.probe, record.source.label)
    named = "-".join("".join(char if char.isalnum() or char in "._" else "_" for char in part) for part in parts)
    return f"probe-{named}-{record.id[:6]}"
