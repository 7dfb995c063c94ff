"""Two rows' values, caption by caption, as coordinates of a square drawing: a dot a place, the larger the fuller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from t2ibench_reports._chart import ticks
from t2ibench_reports._format import count, sentence_list

SIDE = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 10, 14, 46
_LARGEST, _SMALLEST = 15.0, 2.2
_PAD = 18
"""Between the frame and the outermost places, so that bubbles clear the axes."""
_PLACES = 500
"""More places than these are drawn on a grid of CELLS x CELLS."""
_CELLS = 32
_WRITTEN = 12
"""So many places at most have their number of captions written beside them."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """A place: coordinates, radius, what it says on demand, what is written beside it, and "first", "second" or ""."""

    x: float
    y: float
    radius: float
    text: str
    number: str
    ahead: str


@dataclass(frozen=True, slots=True)
class Scatter:
    """A drawing of SIDE x SIDE: the first row's values upwards, the second's to the right, the diagonal between."""

    title: str
    across_label: str
    up_label: str
    bubbles: tuple[Bubble, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    sentence: str
    side: int = SIDE
    left: int = _LEFT
    right: int = SIDE - _RIGHT
    top: int = _TOP
    bottom: int = SIDE - _BOTTOM


def scatter(
    title: str,
    names: tuple[str, str],
    first: Sequence[float],
    second: Sequence[float],
    *,
    higher_is_better: bool,
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
    marks = ticks(min(everything), max(everything))
    low, high = min(min(everything), marks[0]), max(max(everything), marks[-1])

    def share(value: float) -> float:
        return (value - low) / (high - low)

    def x(value: float) -> float:
        return round(_LEFT + _PAD + (SIDE - _LEFT - _RIGHT - 2 * _PAD) * share(value), 1)

    def y(value: float) -> float:
        return round(SIDE - _BOTTOM - _PAD - (SIDE - _BOTTOM - _TOP - 2 * _PAD) * share(value), 1)

    found = Counter(zip(first, second, strict=True))
    binned = len(found) > _PLACES
    if binned:
        width = (high - low) / _CELLS
        centre = [low + (place + 0.5) * width for place in range(_CELLS)]

        def cell(value: float) -> float:
            return centre[min(int((value - low) / width), _CELLS - 1)]

        found = Counter((cell(one), cell(other)) for one, other in zip(first, second, strict=True))
    most = max(found.values())
    bubbles = []
    for (one, other), captions in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        gain = one - other if higher_is_better else other - one
        about = "about " if binned else ""
        bubbles.append(
            Bubble(
                x(other),
                y(one),
                round(max(_LARGEST * (captions / most) ** 0.5, _SMALLEST), 1),
                f"{count(captions)} caption{'s' * (captions > 1)}: {names[0]} {about}{one:.4g}, "
                f"{names[1]} {about}{other:.4g}",
                count(captions) if len(found) <= _WRITTEN else "",
                "first" if gain > 0 else "second" if gain < 0 else "",
            )
        )
    return Scatter(
        title,
        names[1],
        names[0],
        tuple(bubbles),
        tuple((x(tick), f"{tick:.6g}") for tick in marks),
        tuple((y(tick), f"{tick:.6g}") for tick in marks),
        _sentence(names, first, second, higher_is_better=higher_is_better),
    )


def _sentence(
    names: tuple[str, str], first: Sequence[float], second: Sequence[float], *, higher_is_better: bool
) -> str:
    above = sum(one > other for one, other in zip(first, second, strict=True))
    below = sum(one < other for one, other in zip(first, second, strict=True))
    ahead, behind = (above, below) if higher_is_better else (below, above)
    parts = [
        f"{names[0]} is ahead on {count(ahead)}",
        f"{names[1]} on {count(behind)}",
        f"{count(len(first) - ahead - behind)} are equal",
    ]
    return f"Of {count(len(first))} captions, {sentence_list(parts)}."
