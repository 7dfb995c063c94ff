"""Copies: the share of images that are far nearer to one training image than to any other."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.memorisation.nearest import Neighbours, nearest_of
from t2ibench.metrics.plain import HitMetric


def neighbour_ratios(nearest: Neighbours) -> np.ndarray:
    """Return float64 N in [0, 1]: distance to the nearest training row over that to the second nearest; 1 for 0 / 0."""
    _, first, second = nearest
    found: np.ndarray = np.divide(first, second, out=np.ones_like(first), where=second > 0)
    return found


class NeighbourRatio(HitMetric):
    """Share of images whose ratio is below a third, in %: near one training image, far from the second nearest.

    Source: as public reimplementations have it; the authors' code was not found. Training images that are there twice
    hide their copies.

    Args:
        threshold: of the ratio, below which an image counts as a copy.
    """

    name = "neighbour_ratio"
    version = 1
    title = "Near copies"
    higher_is_better = False
    needs_reference = False
    needs_training = True

    def __init__(self, *, threshold: float = 1 / 3) -> None:
        if not 0 < threshold < 1:
            raise UserError(f"{self.title} needs a threshold in (0, 1); found {threshold}.")
        self.threshold = threshold

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: 100 for a near copy, else 0.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite, no training images.
        """
        nearest, _ = nearest_of(self, given)
        return np.where(neighbour_ratios(nearest) < self.threshold, 100.0, 0.0)
