"""The study of metric validity as a page (Markdown) and as a table (CSV)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from t2ibench.studies.validity.outcome import Row, Study

MARKS: Final = {
    "right": "✓",
    "mostly": "≈",
    "blind": "blind",
    "wrong way": "✗ better",
    "unclear": "?",
    "still": "·",
    "moves too": "also worse",
    "flattered": "also better",
    "open": "",
    "none": "failed",
}
"""Verdict -> what a cell shows; see `evaluation.validity.Finding`."""

_LEGEND: Final = """\
Each cell: the verdict, then Spearman's rank correlation of the strength (0 and five steps) with how bad the value is
(1: worse at every step).

| | what the corruption does to what the metric is said to measure | what the metric does |
|---|---|---|
| ✓ | harms it | gets worse at every step |
| ≈ | harms it | gets worse, not at every step (correlation at least 0.8) |
| ? | harms it | is worse in the end, in no order |
| blind | harms it | stays within the clean images' 95 % interval at the strongest step |
| ✗ better | harms it | gets better |
| · | leaves it alone | stays within the interval |
| also worse, also better | leaves it alone | leaves the interval |
| (none) | no claim: a caption stays true of an image that is hard to see | |"""


def page(study: Study, command: str, *, figure: str) -> str:
    """Return the Markdown page.

    Args:
        study: what was found.
        command: that makes the page again.
        figure: file name of the figure beside it.
    """
    facts = study.facts
    lines = [
        "# Do the metrics measure what they claim?",
        "",
        f"Real test images of {facts['dataset']} are made worse on purpose, by known amounts, and every metric of",
        f"the protocol {facts['protocol']} judges them: {facts['n']:,} images a row, seed {facts['seed']}, t2ibench",
        f"{facts['version']}, measured {facts['measured']}. This page was written by",
        "",
        f"    {command}",
        "",
        "The clean images are part of the reference set, so distances begin at their best and precision at 100 %:",
        "what is looked at is the order of the steps. One seed, one data set: a verdict is about this set-up, not",
        "about a metric for ever.",
        "",
        "## Verdicts",
        "",
        *_verdict_table(study),
        "",
        _LEGEND,
        "",
        f"![values under each corruption]({figure})",
        "",
        "## Blind spots",
        "",
        *_blind_spots(study),
        "",
        "## Alignment against the truth",
        "",
        *_alignment(study),
        "",
        "## Corruptions",
        "",
        "| name | harms | strengths |",
        "|---|---|---|",
    ]
    for one in dict.fromkeys(row.corruption for row in study.rows):
        steps = ", ".join(f"{strength:g}" for strength in one.strengths)
        lines.append(f"| {one.title} | {', '.join(sorted(one.harms))} | {one.unit}: {steps} |")
    lines += ["", "## Values", "", "↑ higher is better, ↓ lower.", ""]
    lines += [*_values(study), "", "Columns:", ""]
    lines += [f"- {title}: {study.subtitles[column]}" for column, title in column_titles(study).items()]
    return "\n".join(lines) + "\n"


def as_csv(study: Study) -> str:
    """Return a line a column, corruption and strength."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            "column",
            "title",
            "corruption",
            "unit",
            "strength",
            "value",
            "true_alignment",
            "expected",
            "verdict",
            "monotone",
            "spearman",
            "spearman_true_alignment",
        ]
    )
    for row in study.rows:
        truth = row.truth or ("",) * len(row.series.values)
        for strength, value, true in zip((0, *row.corruption.strengths), row.series.values, truth, strict=True):
            found = row.finding
            writer.writerow(
                [row.series.column, row.series.title, row.corruption.name, row.corruption.unit, strength]
                + ["" if value is None else repr(value), true, found.expected, found.verdict, found.monotone]
                + ["" if rank is None else f"{rank:.4f}" for rank in (found.spearman, found.alignment)]
            )
    return text.getvalue()


def column_titles(study: Study) -> dict[str, str]:
    """Return column -> what names it: its title, with the column's own name where titles are equal."""
    titles = {row.series.column: row.series.title for row in study.rows}
    several = {title for title, count in Counter(titles.values()).items() if count > 1}
    return {column: f"{title} ({column})" if title in several else title for column, title in titles.items()}


def _verdict_table(study: Study) -> Iterator[str]:
    kinds = list(dict.fromkeys(row.corruption for row in study.rows))
    yield "| | " + " | ".join(one.title for one in kinds) + " |"
    yield "|---|" + "---|" * len(kinds)
    by = {(row.series.column, row.corruption.name): row for row in study.rows}
    for column, title in column_titles(study).items():
        yield f"| {title} | " + " | ".join(_cell(by[column, one.name]) for one in kinds) + " |"


def _cell(row: Row) -> str:
    rank = None if row.finding.verdict == "still" else row.finding.spearman  # of luck alone
    return f"{MARKS[row.finding.verdict]} {'' if rank is None else f'{rank:+.2f}'}".strip()


def _blind_spots(study: Study) -> Iterator[str]:
    said = {
        "blind": "does not see",
        "wrong way": "gets better under",
        "unclear": "gets worse in no order under",
        "moves too": "gets worse, though that is not its business, under",
        "flattered": "gets better, though that is not its business, under",
        "none": "has no value under",
    }
    for column, title in column_titles(study).items():
        rows = [row for row in study.rows if row.series.column == column]
        parts = []
        for verdict, words in said.items():
            names = [row.corruption.title.lower() for row in rows if row.finding.verdict == verdict]
            if names:
                parts.append(f"{words} {', '.join(names)}")
        yield f"- **{title}** {'; '.join(parts) if parts else 'has none among these corruptions'}."


def _alignment(study: Study) -> Iterator[str]:
    rows = [row for row in study.rows if row.finding.alignment is not None]
    if not rows:
        yield "No metric of alignment was asked for, or no corruption of alignment whose truth is known."
        return
    meaning = (
        "the share of what the captions state that is true of the images they were handed (the data set's side file)"
        if study.facts["truth"] == "statements"
        else "the share of captions that have their own image"
    )
    yield f"The truth is {meaning}. Rank correlation with it, over the clean images and five steps (1 is right):"
    yield ""
    kinds = list(dict.fromkeys(row.corruption for row in rows))
    yield "| | " + " | ".join(one.title for one in kinds) + " |"
    yield "|---|" + "---|" * len(kinds)
    truths = {row.corruption.name: row.truth for row in rows}
    yield (
        "| *truth, %* | "
        + " | ".join(", ".join(f"{100 * share:.0f}" for share in truths[one.name]) for one in kinds)
        + " |"
    )
    by = {(row.series.column, row.corruption.name): row for row in rows}
    for column, title in column_titles(study).items():
        found = [by.get((column, one.name)) for one in kinds]
        if any(found):
            cells = [
                "" if row is None or row.finding.alignment is None else f"{row.finding.alignment:+.2f}" for row in found
            ]
            yield f"| {title} | " + " | ".join(cells) + " |"


def _values(study: Study) -> Iterator[str]:
    yield "| | | clean | 1 | 2 | 3 | 4 | 5 |"
    yield "|---|---|" + "---:|" * 6
    titles = column_titles(study)
    for row in study.rows:
        arrow = "↑" if row.series.higher_is_better else "↓"
        cells = ["failed" if value is None else f"{value:.4g}" for value in row.series.values]
        yield f"| {row.corruption.title} | {titles[row.series.column]} {arrow} | " + " | ".join(cells) + " |"
