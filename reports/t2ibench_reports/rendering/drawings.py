"""What figures show, as data: values against steps, two rows caption by caption, many small curves.

Every drawing has a `title`, what is `said` below it, what is `told` where it is not seen, and a `kind` for styles.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from t2ibench_reports.table.format import count, sentence_list

_LARGEST, _SMALLEST = 15.0, 2.2
_PLACES = 500
"""More places than these are drawn on a grid of CELLS x CELLS."""
_CELLS = 32
_WRITTEN = 12
"""So many places at most have their number of captions written beside them."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One point to draw: a value after so many steps, with its interval where there is one."""

    steps: int
    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class _Titled:
    title: str

    @property
    def told(self) -> str:
        """Return what stands for it where it is not seen."""
        return self.title


@dataclass(frozen=True, slots=True)
class Chart(_Titled):
    """Lines of (label, points in rising order of steps). `marks`: each point has a dot and its interval."""

    kind: ClassVar[str] = "chart"
    lines: tuple[tuple[str, tuple[Measured, ...]], ...]
    said: str = ""
    marks: bool = True


@dataclass(frozen=True, slots=True)
class Bubble:
    """Captions of like values: the second row's, the first row's, radius in points, text on demand and beside it.

    `ahead` is "first", "second" or "".
    """

    second: float
    first: float
    radius: float
    text: str
    number: str
    ahead: str


@dataclass(frozen=True, slots=True)
class Scatter(_Titled):
    """The first row's values upwards, the second's to the right; `names` are those of both."""

    kind: ClassVar[str] = "scatter"
    names: tuple[str, str]
    bubbles: tuple[Bubble, ...]
    said: str

    @property
    def told(self) -> str:
        """Return what stands for it where it is not seen."""
        return f"{self.title}, caption by caption: {self.said}"


@dataclass(frozen=True, slots=True)
class Curve:
    """A small curve from 0 (worst, below) to 1 (best), what it says on demand and the place of its colour."""

    values: tuple[float | None, ...]
    text: str
    colour: int


@dataclass(frozen=True, slots=True)
class Curves(_Titled):
    """A small curve a row and column, None where there is none; `key` is (the place of a colour, what it means)."""

    kind: ClassVar[str] = "curves"
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Curve | None, ...]], ...]
    key: tuple[tuple[int, str], ...]
    said: str


Drawing = Chart | Scatter | Curves


def chart(
    title: str,
    series: Sequence[tuple[str, Sequence[Measured]]],
    *,
    said: str = "Bars are intervals.",
    marks: bool = True,
) -> Chart | None:
    """Return the drawing of the series that have two points or more; None where there is none.

    Args:
        title: what is drawn, as in "IS against steps".
        series: (label, points in rising order of steps).
        said: of it, below it.
        marks: whether each point is marked, with its interval.
    """
    lines = tuple((label, tuple(points)) for label, points in series if len(points) > 1)
    return Chart(title, lines, said, marks) if lines else None


def scatter(
    title: str, names: tuple[str, str], first: Sequence[float], second: Sequence[float], *, higher_is_better: bool
) -> Scatter | None:
    """Return the drawing of two rows' values of the same captions; None where all are equal or there are none.

    Args:
        title: of the measure.
        names: of the rows.
        first: the first row's values.
        second: the second row's, in the same order.
        higher_is_better: direction.
    """
    everything = [*first, *second]
    if not everything or min(everything) == max(everything):
        return None
    pairs = list(zip(first, second, strict=True))
    found = Counter(pairs)
    about = ""
    if len(found) > _PLACES:
        low, width = min(everything), (max(everything) - min(everything)) / _CELLS
        centre = [low + (place + 0.5) * width for place in range(_CELLS)]
        cells = [[centre[min(int((value - low) / width), _CELLS - 1)] for value in pair] for pair in pairs]
        found, about = Counter((one, other) for one, other in cells), "about "
    most = max(found.values())
    bubbles = tuple(
        Bubble(
            other,
            one,
            max(_LARGEST * (captions / most) ** 0.5, _SMALLEST),
            f"{count(captions)} caption{'s' * (captions > 1)}: {names[0]} {about}{one:.4g}, "
            f"{names[1]} {about}{other:.4g}",
            count(captions) if len(found) <= _WRITTEN else "",
            "" if one == other else "first" if (one > other) == higher_is_better else "second",
        )
        for (one, other), captions in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    )
    ahead = sum(one != other and (one > other) == higher_is_better for one, other in pairs)
    equal = sum(one == other for one, other in pairs)
    parts = [
        f"{names[0]} is ahead on {count(ahead)}",
        f"{names[1]} on {count(len(pairs) - ahead - equal)}",
        f"{count(equal)} are equal",
    ]
    return Scatter(title, names, bubbles, f"Of {count(len(pairs))} captions, {sentence_list(parts)}.")
