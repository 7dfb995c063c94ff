"""VQAScore: how sure a model that answers questions is that images show what their captions say."""

from __future__ import annotations

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.plain import MeanMetric


class VQAScore(MeanMetric):
    """Mean probability, in %, of the answer "yes" to whether the image shows its caption.

    Source: Lin et al. 2024, equation 1. The model and the question are part of the identity. A reader of simulated
    images answers the same question by the truth: 1 where all that the caption states is seen.
    """

    name = "vqa_score"
    version = 1
    title = "VQAScore"
    unit = "%"
    higher_is_better = True
    layer = "answer"
    needs_reference = False
    caption_linked = True
    needs_caption_codes = False

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: each image's probability in %.

        Raises:
            UserError: fewer than 10 images, or numbers that are not finite.
        """
        return 100 * np.asarray(self.features_of(given), np.float64)[:, 0]
