"""The Frechet distance where a side is given by its mean and covariance alone, as precomputed statistics are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate, GaussianStatistics
from t2ibench.metrics.checks import checked_features, groups_of
from t2ibench.metrics.distribution.gaussian import GaussianReference, Moments
from t2ibench.metrics.intervals import jackknife_interval, jackknife_parts

if TYPE_CHECKING:
    import numpy as np

NO_INTERVAL = "A mean and a covariance tell nothing of single images, so this value has no interval and is not ranked."


class RootRoute:
    """The distance to a Gaussian when there are fewer images than features: rows through its root, n x d.

    With centred rows X and the root R of the reference's covariance, tr (S1 S2)^1/2 is the sum of the singular values
    of X R / sqrt(n-1). Leaving images out only drops and re-centres rows.
    """

    def __init__(self, features: np.ndarray, reference: GaussianStatistics) -> None:
        import numpy as np

        values, vectors = np.linalg.eigh((reference.covariance + reference.covariance.T) / 2)
        root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
        self._trace = float(np.trace(reference.covariance))
        self._rows = features.astype(np.float64) - reference.mean
        self._cross = self._rows @ root

    def distance(self, keep: np.ndarray | None = None) -> float:
        """Return the distance of the images where `keep` (bool N, all if None) holds to the reference."""
        import numpy as np

        rows = self._rows if keep is None else self._rows[keep]
        cross = self._cross if keep is None else self._cross[keep]
        mean = rows.mean(axis=0)
        trace = float(((rows - mean) ** 2).sum()) / (len(rows) - 1)
        nuclear = np.linalg.svd(cross - cross.mean(axis=0), compute_uv=False).sum() / math.sqrt(len(rows) - 1)
        return max(float((mean**2).sum()) + trace + self._trace - 2 * float(nuclear), 0.0)


def estimate_from_statistics(given: MetricInput, *, title: str, layer: str, minimum_n: int) -> Estimate:
    """Return the distance where `given.statistics` or `given.reference_statistics` takes the place of features.

    An interval exists where the judged side has its images' features; the reference is then held fixed.

    Raises:
        UserError: the sides have different widths; too few images; features that are not finite.
    """
    if given.statistics is not None:
        return _without_interval(given, given.statistics, title, layer, minimum_n)
    reference = given.reference_statistics
    assert reference is not None
    features = checked_features(title, given, layer, minimum_n)
    count, width = features.shape
    _same_width(title, width, len(reference.mean))
    parts = jackknife_parts(groups_of(given, count), given.seed)
    if count < width:
        route = RootRoute(features, reference)
        value, left_out = route.distance(), [route.distance(~out) for out in parts]
    else:
        gaussian = GaussianReference(reference.mean, reference.covariance)
        everything = Moments.of(features, reference.mean)
        value, left_out = gaussian.distance(everything.mean, everything.covariance), []
        for out in parts:
            rest = everything.without(Moments.of(features[out], reference.mean))
            left_out.append(gaussian.distance(rest.mean, rest.covariance))
    warnings = []
    if count <= width:
        warnings.append(
            f"{title} rests on {count} images, no more than its {width} features: its bias is large, so compare "
            "equal n only."
        )
    interval = jackknife_interval(value, left_out, low=0.0, what="clustered by image, reference fixed")
    return Estimate(value=value, interval=interval, n=count, warnings=tuple(warnings))


def _without_interval(
    given: MetricInput, judged: GaussianStatistics, title: str, layer: str, minimum_n: int
) -> Estimate:
    if judged.n is not None and judged.n < minimum_n:
        raise UserError(f"{title} needs at least {minimum_n} images, and the statistics rest on {judged.n}.")
    reference = given.reference_statistics
    if reference is None:
        moments = Moments.of(checked_features(title, given, layer, minimum_n, reference=True))
        reference = GaussianStatistics(moments.mean, moments.covariance, moments.count)
    _same_width(title, len(judged.mean), len(reference.mean))
    value = GaussianReference(reference.mean, reference.covariance).distance(judged.mean, judged.covariance)
    return Estimate(value=value, interval=None, n=judged.n or 0, warnings=(NO_INTERVAL,))


def _same_width(title: str, judged: int, reference: int) -> None:
    if judged != reference:
        raise UserError(
            f"{title} compares features of one extractor; found {judged} numbers an image against {reference} of the "
            "reference."
        )
