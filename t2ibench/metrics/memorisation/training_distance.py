"""Distance to the nearest training image, against that of held-out real images."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.memorisation.nearest import held_out_of, nearest_of, nearest_two
from t2ibench.metrics.plain import MeanMetric


class TrainingDistance(MeanMetric):
    """Mean distance to the nearest training image, over the mean of the reference's images; 1 is as held-out ones.

    Copies lower it: a share s of exact copies takes away a share s. The reference must be held out of training. Source:
    ours; the comparison with held-out images is Meehan et al.'s (2020).
    """

    name = "training_distance"
    version = 1
    title = "Distance to training"
    higher_is_better = True
    needs_training = True

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N, at least 0: an image's distance over the held-out mean.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite, no training images, or held-out
                images that are all training images.
        """
        (_, nearest, _), training = nearest_of(self, given)
        held_out = held_out_of(self, given)
        usual = float(nearest_two(held_out, training)[1].mean())
        if usual == 0:
            raise UserError(f"{self.title}: every reference image is a training image, so nothing is held out.")
        return nearest / usual
