"""The Frechet distance where a side is given by its mean and covariance alone, as precomputed statistics are."""

from __future__ import annotations

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate, GaussianStatistics
from t2ibench.metrics.checks import checked_features, same_width
from t2ibench.metrics.distribution.gaussian import GaussianReference, Moments

NO_INTERVAL = "A mean and a covariance tell nothing of single images, so this value has no interval and is not ranked."


def estimate_from_statistics(given: MetricInput, *, title: str, layer: str, minimum_n: int) -> Estimate:
    """Return the distance where `given.statistics` takes the place of the judged images' features: no interval.

    Raises:
        UserError: the sides have different widths; too few images; features that are not finite.
    """
    judged = given.statistics
    assert judged is not None
    if judged.n is not None and judged.n < minimum_n:
        raise UserError(f"{title} needs at least {minimum_n} images, and the statistics rest on {judged.n}.")
    reference = given.reference_statistics
    if reference is None:
        moments = Moments.of(checked_features(title, given, layer, minimum_n, reference=True))
        reference = GaussianStatistics(moments.mean, moments.covariance, moments.count)
    same_width(title, len(judged.mean), len(reference.mean))
    value = GaussianReference(reference.mean, reference.covariance).distance(judged.mean, judged.covariance)
    return Estimate(value=value, interval=None, n=judged.n or 0, warnings=(NO_INTERVAL,))
