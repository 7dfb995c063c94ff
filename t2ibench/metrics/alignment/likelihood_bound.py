"""How unlikely a model finds real images, given their captions: minus its bound on the log-likelihood."""

from __future__ import annotations

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.plain import MeanMetric


class LikelihoodBound(MeanMetric):
    """Mean of -L over real images and their captions, in nats an image, L being the model's lower bound on log p.

    Smaller is better; the true negative log-likelihood is smaller still. For alignDRAW's Bernoulli pixels the least
    that can be had is the pixels' own entropy, which is not 0. Source: Mansimov et al., 2016, table 1 (as L).
    """

    name = "likelihood_bound"
    version = 1
    title = "NLL bound, nats"
    higher_is_better = False
    layer = "bound"
    needs_reference = False
    minimum_n = 3

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N, minus the mean of an image's draws of the bound.

        Raises:
            UserError: fewer than 3 images, or a bound that is not finite.
        """
        bounds = self.features_of(given)  # N x draws
        values: np.ndarray = -np.asarray(bounds, dtype=np.float64).mean(axis=1)
        return values
