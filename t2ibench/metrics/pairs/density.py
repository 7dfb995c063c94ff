"""Density: how many real images' neighbourhoods an image lies in, against how many it should."""

from __future__ import annotations

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.pairs.balls import BallCounts, BallMetric
from t2ibench.metrics.pairs.neighbours import open_reach
from t2ibench.metrics.pairs.one_pass import after_the_pass
from t2ibench.metrics.plain import MeanMetric


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

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> BallCounts:
        """Return what counts the balls around images."""
        return BallCounts(self.neighbour, open_reach)

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: the number of balls an image lies in, over k.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        counts: np.ndarray = after_the_pass(self, given).counts.cpu().numpy()
        return counts / self.neighbour
