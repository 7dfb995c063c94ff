"""Where a value and its interval lie within their column, as coordinates of a small drawing."""

from __future__ import annotations

from dataclasses import dataclass

from t2ibench.core.records import ResultRecord

WIDTH = 96
_MARGIN = 5


@dataclass(frozen=True, slots=True)
class Whisker:
    """Coordinates from 0 to WIDTH. `before` and `beyond`: the value lies off the scale on that side.

    The scale spans the measured rows. Controls may lie far outside of it; drawn to scale, they would press all models
    into one spot.
    """

    value: float
    low: float
    high: float
    before: bool
    beyond: bool


def whisker(record: ResultRecord, scale: tuple[float, float]) -> Whisker | None:
    """Return the drawing of a record on a scale; None where there is no value or the scale is a point."""
    if record.value is None:
        return None
    interval = record.interval
    low, high = (interval.low, interval.high) if interval else (record.value, record.value)
    return whisker_of(record.value, low, high, scale)


def whisker_of(value: float, low: float, high: float, scale: tuple[float, float]) -> Whisker | None:
    """Return the drawing of a value with its interval; None where the scale is a point."""
    least, most = scale
    if most <= least:
        return None

    def place(at: float) -> float:
        share = (at - least) / (most - least)
        return round(_MARGIN + (WIDTH - 2 * _MARGIN) * min(max(share, 0.0), 1.0), 1)

    return Whisker(place(value), place(low), place(high), value < least, value > most)
