"""AuthPct: the share of images that lie farther from their nearest training image than that one from its own."""

from __future__ import annotations

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.memorisation.nearest import Neighbours, nearest_of
from t2ibench.metrics.pairs.neighbours import own_radii
from t2ibench.metrics.plain import HitMetric


def authentic(nearest: Neighbours, training: np.ndarray) -> np.ndarray:
    """Return bool N: whether the nearest training row, of float64 T x d, has a nearer training row than the image.

    Source: Alaa et al., How Faithful is your Synthetic Data?, 2022, section 4; in the form of dgm-eval.
    """
    index, first, _ = nearest
    values: np.ndarray = own_radii(training, 1)[index] < first
    return values


class Authenticity(HitMetric):
    """Share of authentic images, in %; copying lowers it, and so does nothing else that keeps images near the data.

    An image far from all data is authentic too, so a bad generator scores high: never read it alone. Copies of training
    images that are there twice count as authentic.
    """

    name = "authenticity"
    version = 1
    title = "AuthPct"
    higher_is_better = True
    needs_reference = False
    needs_training = True

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: 100 where an image is authentic, else 0.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite, no training images.
        """
        return np.where(authentic(*nearest_of(self, given)), 100.0, 0.0)
