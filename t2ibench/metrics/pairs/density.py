"""Density: how many real images' neighbourhoods an image lies in, against how many it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import mean_interval
from t2ibench.metrics.pairs.neighbours import BORDER, centred_pair, checked_neighbour, squared_distances, squared_radii

if TYPE_CHECKING:
    import numpy as np


class Density:
    """Mean number of reference balls around an image, over k; 1 for a set that is the reference, more in its midst.

    Source: Naeem et al., Reliable Fidelity and Diversity Metrics, 2020, equation 5, k = 5. Precision counts one ball of
    one outlier as much as many balls; density does not. Balls are open, as in the authors' code.

    Args:
        neighbour: k, which of a reference image's nearest others sets its radius.
    """

    name = "density"
    version = 1
    title = "Density"
    unit = ""
    higher_is_better = True
    layer = "pool"
    needs_reference = True
    caption_linked = False

    def __init__(self, *, neighbour: int = 5) -> None:
        self.neighbour = checked_neighbour(self.title, neighbour)
        self.minimum_n = max(10, neighbour + 1)

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: the number of balls an image lies in, over k.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        import numpy as np

        features, reference = centred_pair(self.title, given, self.layer, self.minimum_n)
        reach = squared_radii(reference, self.neighbour) * (1 - BORDER)
        counts = np.empty(len(features))
        for rows, block in squared_distances(features, reference):
            counts[rows] = ((block < reach) | (block == 0)).sum(axis=1)
        return counts / self.neighbour

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the mean, at least 0, with a bootstrap over images; the reference is held fixed. Errors as above."""
        values = self.image_values(given)
        interval = mean_interval(values, groups_of(given, len(values)), given.seed)
        return Estimate(value=float(values.mean()), interval=interval, n=len(values))
