"""A value against training steps, as coordinates of a small drawing: a line a model, its intervals as bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 34
KINDS = 8
"""How many lines can be told apart; each has its own colour, dashes and dot."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One point to draw: a value after so many steps, with its interval where there is one."""

    steps: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    """A point's coordinates, and what it says."""

    x: float
    y: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A model's line. `kind` counts from 0 to KINDS - 1."""

    label: str
    kind: int
    dots: tuple[Dot, ...]

    @property
    def path(self) -> str:
        """Return the line as an SVG path."""
        return "M" + "L".join(f"{dot.x} {dot.y}" for dot in self.dots)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of WIDTH x HEIGHT: lines and the ticks of both axes as (coordinate, text).

    `note` stands behind its title; `marks` says whether each point has a dot and its interval.
    """

    title: str
    lines: tuple[Line, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    note: str = ""
    marks: bool = True
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    bottom: int = HEIGHT - _BOTTOM
    right: int = WIDTH - _RIGHT


def chart(
    title: str,
    series: Sequence[tuple[str, Sequence[Measured]]],
    *,
    note: str = "bars are intervals",
    marks: bool = True,
) -> Chart | None:
    """Return the drawing of the series that have two points or more; None where there is none.

    Args:
        title: what is drawn, as in "IS against steps".
        series: (label, points in rising order of steps).
        note: what else is to be said of it.
        marks: whether each point is marked, with its interval.
    """
    drawn = [(label, points) for label, points in series if len(points) > 1]
    if not drawn:
        return None
    everything = [point for _, points in drawn for point in points]
    least = min(point.value if point.low is None else point.low for point in everything)
    most = max(point.value if point.high is None else point.high for point in everything)
    ticks_up = ticks(least, most)
    low, high = min(least, ticks_up[0]), max(most, ticks_up[-1])
    last = max(point.steps for point in everything)
    ticks_across = [tick for tick in ticks(0, last) if tick <= last and tick == int(tick)]

    def x(steps: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * steps / last, 1)

    def y(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * share, 1)

    lines = tuple(
        Line(
            label,
            place % KINDS,
            tuple(
                Dot(
                    x(point.steps),
                    y(point.value),
                    y(point.value if point.low is None else point.low),
                    y(point.value if point.high is None else point.high),
                    f"{label}, {point.steps:,} steps: {point.value:.4g}",
                )
                for point in points
            ),
        )
        for place, (label, points) in enumerate(drawn)
    )
    return Chart(
        title,
        lines,
        tuple((x(tick), f"{tick:,.0f}") for tick in ticks_across),
        tuple((y(tick), f"{tick:.6g}") for tick in ticks_up),
        note,
        marks,
    )


def ticks(least: float, most: float) -> list[float]:
    """Return three to seven round numbers that span a range."""
    if most <= least:
        return [least]
    rough = (most - least) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.floor(least / step)
    return [round(place * step, 10) for place in range(first, math.ceil(most / step) + 1)]
