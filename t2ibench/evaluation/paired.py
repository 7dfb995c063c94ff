"""Two rows on the same captions: the difference of a figure, and whether it is clear.

Both rows owe part of their luck to the captions drawn. Taken as differences, caption by caption, that part cancels, so
a paired interval tells apart what two overlapping intervals of a table cannot.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from t2ibench.core.interfaces import Metric, MetricInput, PerImage, PerSet
from t2ibench.core.types import Interval
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import jackknife_interval, mean_interval

Verdict = Literal["first", "second", "no clear difference", "no verdict"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two rows.

    Attributes:
        first: the first row's value, in the metric's unit.
        second: the second row's.
        interval: of first - second; None where none can be given.
        n: images each rests on.
    """

    first: float
    second: float
    interval: Interval | None
    n: int

    @property
    def value(self) -> float:
        """First less second."""
        return self.first - self.second

    def verdict(self, *, higher_is_better: bool) -> Verdict:
        """Return which row is better; that needs an interval that lies wholly on one side of 0."""
        if self.interval is None:
            return "no verdict"
        if self.interval.low <= 0 <= self.interval.high:
            return "no clear difference"
        return "first" if (self.interval.low > 0) == higher_is_better else "second"


def paired_difference(metric: Metric, first: MetricInput, second: MetricInput) -> Difference:
    """Return the difference of a metric between two rows whose images were made for the same captions, in one order.

    Means over images: a bootstrap of the per-image differences over images, the same images for both. Statistics of
    a set: a jackknife that leaves the same captions out of both. A metric that is neither has no interval.

    Args:
        metric: what is compared.
        first: what it reads of the first row.
        second: what it reads of the second row; same captions, groups and seed.

    Raises:
        UserError: as the metric's `estimate`.
    """
    count = len(first.features[metric.layer])
    if count != len(second.features[metric.layer]):
        raise ValueError("paired rows have an image each for every caption of one plan")
    if isinstance(metric, PerImage):
        ours, theirs = metric.image_values(first), metric.image_values(second)
        interval = mean_interval(ours - theirs, groups_of(first, count), first.seed)
        return Difference(float(ours.mean()), float(theirs.mean()), _named(interval), count)
    if isinstance(metric, PerSet):
        (ours_whole, ours_left), (theirs_whole, theirs_left) = metric.jackknife(first), metric.jackknife(second)
        interval = None
        if len(ours_left) == len(theirs_left):
            left_out = [one - other for one, other in zip(ours_left, theirs_left, strict=True)]
            what = "clustered by image" + (", reference fixed" if metric.needs_reference else "")
            kind = getattr(metric, "interval_kind", "jackknife")
            interval = jackknife_interval(ours_whole - theirs_whole, left_out, low=float("-inf"), what=what, kind=kind)
        return Difference(ours_whole, theirs_whole, _named(interval), count)
    return Difference(metric.estimate(first).value, metric.estimate(second).value, None, count)


def _named(interval: Interval | None) -> Interval | None:
    return None if interval is None else dataclasses.replace(interval, method=f"paired by caption, {interval.method}")
