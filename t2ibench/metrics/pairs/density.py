"""Density: how many real images' neighbourhoods an image lies in, against how many it should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.pairs.balls import BallMetric, ReferenceBalls
from t2ibench.metrics.pairs.neighbours import Nearest, open_reach
from t2ibench.metrics.pairs.one_pass import Side, after_the_pass
from t2ibench.metrics.pairs.tiles import Points, Tile
from t2ibench.metrics.plain import MeanMetric

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


class _Balls(ReferenceBalls):
    """How many of the reference's balls every image lies in; `counts` is float64 N."""

    counts: Tensor
    _reach: Tensor

    def begin_across(self, images: Points, reference: Points, nearest: Mapping[Side, Nearest]) -> None:
        self._reach = open_reach(nearest["reference"].radii(self._neighbour))
        self.counts = self._reach.new_zeros(len(images))

    def read_across(self, tile: Tile) -> None:
        self.counts[tile.rows] += (tile.distances < self._reach[tile.columns]).sum(dim=1)


class Density(BallMetric, MeanMetric):
    """Mean number of reference balls around an image, over k; 1 for a set that is the reference, more in its midst.

    Source: Naeem et al., Reliable Fidelity and Diversity Metrics, 2020, equation 5, k = 5. Precision counts one ball of
    one outlier as much as many balls; density does not. Balls are open, as in the authors' code.

    Args:
        neighbour: k, which of a reference image's nearest others sets its radius.
    """

    name = "density"
    version = 1
    title = "Density"

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> _Balls:
        """Return what counts the balls around images."""
        return _Balls(self.neighbour)

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: the number of balls an image lies in, over k.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        counts: np.ndarray = after_the_pass(self, given).counts.cpu().numpy()
        return counts / self.neighbour
