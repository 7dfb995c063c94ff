"""Improved precision: the share of images that look like some real one."""

from __future__ import annotations

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.pairs.balls import BallCounts, BallMetric
from t2ibench.metrics.pairs.neighbours import closed_reach
from t2ibench.metrics.pairs.one_pass import after_the_pass
from t2ibench.metrics.plain import HitMetric


class Precision(BallMetric, HitMetric):
    """Share of images inside the ball of at least one reference image, which reaches to its third neighbour.

    Source: Kynkäänniemi et al., Improved Precision and Recall Metric, 2019, equations 1 and 2; theirs is on VGG-16
    features, so figures on others are no figures of that paper. Agrees with torch-fidelity's PRC on the same features.

    Args:
        neighbour: which of a reference image's nearest others sets its radius.
    """

    name = "precision"
    version = 1
    title = "Precision"
    unit = ""
    scale = 1.0

    def __init__(self, *, neighbour: int = 3) -> None:
        super().__init__(neighbour=neighbour)

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> BallCounts:
        """Return what counts the balls around images."""
        return BallCounts(self.neighbour, closed_reach)

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: 1 where an image lies in a ball, else 0.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        inside: np.ndarray = (after_the_pass(self, given).counts > 0).cpu().numpy().astype("float64")
        return inside
