"""Frechet distance between the Gaussians of two feature sets (FID, once the features are Inception's)."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate, GaussianStatistics
from t2ibench.metrics.checks import same_width
from t2ibench.metrics.distribution.gaussian import GaussianReference, Moments, gram_influence, mean_of
from t2ibench.metrics.plain import JackknifeMetric

_NO_INTERVAL = "A mean and a covariance tell nothing of single images, so this value has no interval and is not ranked."


class FrechetDistance(JackknifeMetric):
    """Frechet distance of the judged images' features to the reference's, with an interval for the former.

    The interval is an infinitesimal jackknife over images: it covers the luck of the captions and noise drawn, with the
    reference held fixed; it does not cover the bias, about proportional to 1/n, that rows of equal n share.
    """

    name = "fid"
    version = 2
    title = "FID"
    higher_is_better = False
    reads_statistics = True
    interval_kind = "infinitesimal jackknife"

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the distance, and to first order the distance without each group of images.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        reference = given.reference_statistics
        if reference is not None:
            features = self.features_of(given)
            same_width(self.title, features.shape[1], len(reference.mean))
            gaussian = GaussianReference(reference.mean, reference.covariance, device=given.device)
            if len(features) < features.shape[1]:
                value, influence = gaussian.by_rows(features)
            else:
                moments = Moments.of(features, reference.mean, device=given.device)
                value, influence = gaussian.influence(features, moments)
        else:
            features, others = self.pair_of(given, stored=True)
            value, influence = distance_and_influence(features, others, given.device)
        return self.by_influence(given, value, influence)

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the distance. Errors as above."""
        if given.statistics is not None:
            return self._of_statistics(given, given.statistics)
        value, left_out = self.jackknife(given)
        count, width = given.features[self.layer].shape
        said = (
            f"FID rests on {count} images, no more than its {width} features: its bias is large, so compare equal n "
            "only."
        )
        return self.with_interval(given, value, left_out, warnings=(said,) if count <= width else ())

    def _of_statistics(self, given: MetricInput, judged: GaussianStatistics) -> Estimate:
        """Return the distance where `judged` takes the place of the images' features: no interval.

        Raises:
            UserError: the sides have different widths; too few images; features that are not finite.
        """
        if judged.n is not None and judged.n < self.minimum_n:
            raise UserError(
                f"{self.title} needs at least {self.minimum_n} images, and the statistics rest on {judged.n}."
            )
        reference = given.reference_statistics
        if reference is None:
            moments = Moments.of(self.features_of(given, reference=True))
            reference = GaussianStatistics(moments.mean, moments.covariance, moments.count)
        same_width(self.title, len(judged.mean), len(reference.mean))
        value = GaussianReference(reference.mean, reference.covariance).distance(judged.mean, judged.covariance)
        return Estimate(value=value, interval=None, n=judged.n or 0, warnings=(_NO_INTERVAL,))


def distance_and_influence(features: np.ndarray, others: np.ndarray, device: str) -> tuple[float, np.ndarray]:
    """Return the Frechet distance of float N x d to M x d and each image's influence on it, by the cheaper way."""
    fewer, width = min(len(features), len(others)), features.shape[1]
    # Products of rows with rows cost about len * len * fewer, moments width cubed.
    if fewer < width and len(features) * len(others) * fewer < width**3:
        return gram_influence(np.asarray(features), np.asarray(others), device=device)
    origin = mean_of(others)
    target = Moments.of(others, origin, device=device)
    gaussian = GaussianReference(target.mean, target.covariance, device=device)
    return gaussian.influence(features, Moments.of(features, origin, device=device))
