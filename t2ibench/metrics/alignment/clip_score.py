"""CLIPScore: how near an image lies to its caption in the space of a caption judge."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.r_precision import unit_codes
from t2ibench.metrics.plain import MeanMetric


class CLIPScore(MeanMetric):
    """Mean over images of weight * max(cosine of image and caption, 0).

    Source: Hessel et al., CLIPScore, 2021, equation 1. Differs: weight 100 instead of 2.5, as the text-to-image papers
    write it (GALIP's .334 is 33.4 here), and the caption is read as it stands, without "A photo depicts". It compares
    rows of one judge only: two CLIPs have two scales.

    Args:
        weight: what the cosine is multiplied by.
    """

    name = "clip_score"
    version = 1
    title = "CLIPScore"
    higher_is_better = True
    layer = "image"
    needs_reference = False
    caption_linked = True

    def __init__(self, *, weight: float = 100.0) -> None:
        if not weight > 0:
            raise UserError(f"CLIPScore needs weight > 0; found {weight}.")
        self.weight = float(weight)

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N, each in [0, weight].

        Raises:
            UserError: fewer than 10 images, no caption codes, or codes that are not finite.
        """
        images = self.features_of(given)
        captions, queries = self.captions_of(given, images.shape[1])
        cosines = np.einsum("nd,nd->n", unit_codes(images), unit_codes(captions[queries]))
        values: np.ndarray = self.weight * np.clip(cosines, 0, None)
        return values
