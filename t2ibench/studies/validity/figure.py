"""The study of metric validity as one image (SVG): a small curve for every metric under every corruption."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from t2ibench.studies.validity.page import column_titles

if TYPE_CHECKING:
    from t2ibench.studies.validity.outcome import Row, Study

_TOP, _WIDTH, _HEIGHT, _GAP = 56, 108, 54, 8
_LETTER: Final = 7
"""Width of an average letter in pixels, generously."""
_COLOURS: Final = {
    "right": "#1b7f3b",
    "mostly": "#6aa84f",
    "blind": "#c0392b",
    "wrong way": "#c0392b",
    "unclear": "#c77700",
    "still": "#8a8f98",
    "moves too": "#c77700",
    "flattered": "#c77700",
    "open": "#4a6fa5",
    "none": "#c0392b",
}


def figure(study: Study) -> str:
    """Return the SVG. Every cell's upper edge is the metric's best value in its row, the lower edge its worst."""
    columns = column_titles(study)
    kinds = list(dict.fromkeys(row.corruption for row in study.rows))
    left = _LETTER * max(map(len, columns.values()), default=0) + 20
    width = left + len(kinds) * (_WIDTH + _GAP) + 8
    height = _TOP + len(columns) * (_HEIGHT + _GAP) + 28
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        "<title>Every metric under every corruption</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<text x="8" y="18" fill="#333">clean images at the left of each cell, the strongest corruption at '
        "the right; up is better</text>",
    ]
    for place, one in enumerate(kinds):
        x = left + place * (_WIDTH + _GAP) + _WIDTH / 2
        parts.append(f'<text x="{x:g}" y="{_TOP - 10}" text-anchor="middle" fill="#111">{escape(one.title)}</text>')
    for line, (column, title) in enumerate(columns.items()):
        rows = [row for row in study.rows if row.series.column == column]
        values = [value for row in rows for value in row.series.values if value is not None]
        y = _TOP + line * (_HEIGHT + _GAP)
        parts.append(f'<text x="{left - 8}" y="{y + _HEIGHT / 2 + 4:g}" text-anchor="end">{escape(title)}</text>')
        if not values:
            continue
        low, high = min(values), max(values)
        for row in rows:
            x = left + kinds.index(row.corruption) * (_WIDTH + _GAP)
            parts += _cell(row, x, y, low, high)
    legend = (
        ("right", "worse as it must"),
        ("blind", "blind or the wrong way"),
        ("moves too", "moves though untouched, or in no order"),
        ("still", "still as it must be"),
        ("open", "no claim"),
    )
    at = 8
    for verdict, words in legend:
        parts.append(f'<text x="{at}" y="{height - 8}" fill="{_COLOURS[verdict]}">● {words}</text>')
        at += _LETTER * len(words) + 28
    return "\n".join([*parts, "</svg>"]) + "\n"


def _cell(row: Row, x: float, y: float, low: float, high: float) -> list[str]:
    colour = _COLOURS[row.finding.verdict]
    points = []
    for step, value in enumerate(row.series.values):
        if value is not None:
            share = 0.5 if high == low else (value - low) / (high - low)
            up = share if row.series.higher_is_better else 1 - share
            across = x + 8 + step * (_WIDTH - 16) / (len(row.series.values) - 1)
            points.append((across, y + 6 + (1 - up) * (_HEIGHT - 12)))
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    name = f"{row.series.title}, {row.corruption.title}: {row.finding.verdict}"
    return [
        f'<g><title>{escape(name)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" fill="{colour}" '
        f'fill-opacity="0.08" stroke="{colour}" stroke-opacity="0.4"/>',
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2" fill="{colour}"/>' for a, b in points),
        "</g>",
    ]
