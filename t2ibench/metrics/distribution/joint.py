"""FJD: the Frechet distance of images and their captions together, which a wrong pairing raises."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.distribution.frechet import distance_and_influence
from t2ibench.metrics.plain import JackknifeMetric


def joint_scale(images: np.ndarray, conditions: np.ndarray) -> float:
    """Return alpha: mean length of the reference's image features over mean length of its condition features.

    Source: DeVries et al., On the Evaluation of Conditional GANs, 2019, section 4. Taken once, from the reference.
    """
    lengths = np.linalg.norm(np.asarray(conditions, dtype=np.float64), axis=1).mean()
    return float(np.linalg.norm(np.asarray(images, dtype=np.float64), axis=1).mean() / lengths)


def joined(images: np.ndarray, conditions: np.ndarray, alpha: float) -> np.ndarray:
    """Return float64 N x (d + c): [image, alpha * condition] row by row."""
    return np.concatenate([np.asarray(images, np.float64), alpha * np.asarray(conditions, np.float64)], axis=1)


class FrechetJointDistance(JackknifeMetric):
    """Frechet distance of [image, alpha * caption] to that of the reference images with captions of their own.

    Source: DeVries et al. 2019. The extractor's caption codes are the condition embedding, for which the paper's
    release has none; alpha is the reference's. Needs many more images than the two widths together. Weigh it against
    FID: what FJD adds is the pairing.
    """

    name = "fjd"
    version = 2  # 2: the interval by the images' influence
    title = "FJD"
    higher_is_better = False
    layer = "image"
    caption_linked = True
    needs_reference_captions = True
    interval_kind = "infinitesimal jackknife"

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the distance, and to first order the distance without each group of images.

        Raises:
            UserError: fewer than 10 images on a side, no caption codes, features that are not finite.
        """
        features, reference = (np.asarray(one) for one in self.pair_of(given))
        if given.reference_queries is None:
            raise UserError(
                f"{self.title} needs the reference images' captions, which a statistics file does not hold."
            )
        codes, queries = self.captions_of(given, _code_width(given))
        theirs = codes[np.asarray(given.reference_queries)]
        alpha = joint_scale(reference, theirs)
        ours, real = joined(features, codes[queries], alpha), joined(reference, theirs, alpha)
        value, influence = distance_and_influence(ours, real, given.device)
        return self.by_influence(given, value, influence)

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the distance with an infinitesimal jackknife over images, the reference fixed. Errors as above."""
        value, left_out = self.jackknife(given)
        count, width = len(given.features[self.layer]), given.features[self.layer].shape[1] + _code_width(given)
        said = f"FJD rests on {count} images, no more than its {width} numbers: compare equal n only."
        return self.with_interval(given, value, left_out, warnings=(said,) if count <= width else ())


def _code_width(given: MetricInput) -> int:
    if given.caption_codes is None:
        raise UserError("FJD needs codes of the captions, which only an extractor that reads captions can give.")
    return int(given.caption_codes.shape[1])
