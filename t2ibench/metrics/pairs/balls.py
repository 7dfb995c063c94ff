"""Balls around images, each to a near neighbour of its side: what precision, recall, density and coverage count in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.intervals import hit_rate_interval
from t2ibench.metrics.pairs.neighbours import Nearest
from t2ibench.metrics.pairs.one_pass import PairReader, Side
from t2ibench.metrics.pairs.tiles import Points, Tile
from t2ibench.metrics.plain import JackknifeMetric, PlainMetric

if TYPE_CHECKING:
    from torch import Tensor


class ReferenceBalls(PairReader):
    """Base of what finds images in the balls of reference images."""

    def __init__(self, neighbour: int) -> None:
        self._neighbour = neighbour
        self.nearest = {"reference": neighbour}


class BallCounts(ReferenceBalls):
    """How many of the reference's balls every image lies in; `counts` is float64 N.

    Args:
        neighbour: that sets the radius of a ball.
        reach: squared radii -> what a squared distance must not exceed to be inside; the balls' border is its own.
    """

    counts: Tensor
    _reach: Tensor

    def __init__(self, neighbour: int, reach: Callable[[Tensor], Tensor]) -> None:
        super().__init__(neighbour)
        self._reach_of = reach

    def begin_across(self, images: Points, reference: Points, nearest: Mapping[Side, Nearest]) -> None:
        """Draw the balls."""
        self._reach = self._reach_of(nearest["reference"].radii(self._neighbour))
        self.counts = self._reach.new_zeros(len(images))

    def read_across(self, tile: Tile) -> None:
        """Count images in balls."""
        self.counts[tile.rows] += (tile.distances <= self._reach[tile.columns]).sum(dim=1)


class BallMetric(PlainMetric):
    """Base of metrics that draw a ball around an image.

    Args:
        neighbour: which of an image's nearest others on its side sets the radius.
    """

    higher_is_better = True

    def __init__(self, *, neighbour: int = 5) -> None:
        if neighbour < 1:
            raise UserError(f"{self.title} needs neighbour >= 1; found {neighbour}.")
        self.neighbour = neighbour
        self.minimum_n = max(10, neighbour + 1)


class ReferenceShare(BallMetric, JackknifeMetric):
    """Base of those whose value is a share of the reference images."""

    most = 1.0

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share, in [0, 1], with a jackknife over images; the reference is held fixed.

        Where leaving a part out changes nothing at all, as where none is found, the interval is Wilson's over the
        reference images: 0 of 400 is not certainly 0. Errors as `jackknife`.
        """
        found = super().estimate(given)
        if found.interval is None or found.interval.high > found.interval.low:
            return found
        places = np.arange(len(given.reference[self.layer]))
        wilson = hit_rate_interval((places < round(found.value * len(places))).astype(np.float64), places)
        return replace(found, interval=replace(wilson, method="Wilson, over the reference images"))
