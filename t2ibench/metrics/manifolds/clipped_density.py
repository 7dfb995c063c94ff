"""Clipped density: fidelity in [0, 1], where real images score 1 and no outlier's ball counts much."""

from __future__ import annotations

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.manifolds.clipped import ClippedBalls
from t2ibench.metrics.pairs.balls import BallMetric
from t2ibench.metrics.pairs.one_pass import after_the_pass
from t2ibench.metrics.plain import JackknifeMetric


class ClippedDensity(BallMetric, JackknifeMetric):
    """Mean over images of the reference balls around them, each image's cut at k, over the same mean of real images.

    Source: arXiv 2507.01761. Radii are cut at their median. Copies of reference images score high: it is fidelity.

    Args:
        neighbour: k, which of a reference image's nearest others sets its radius.
    """

    name = "clipped_density"
    version = 1
    title = "Clipped density"
    most = 1.0

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> ClippedBalls:
        """Return what counts the balls around images."""
        return ClippedBalls(self.neighbour)

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the density, and it with each of the `jackknife_parts` left out.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        values = after_the_pass(self, given).densities()
        parts = self.parts_of(given, len(values))
        return min(float(values.mean()), 1.0), [min(float(values[~out].mean()), 1.0) for out in parts]
