"""Frechet distance between the Gaussians of two feature sets (FID, once the features are Inception's)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of, reference_pair
from t2ibench.metrics.distribution.frechet_statistics import estimate_from_statistics
from t2ibench.metrics.distribution.gaussian import ROWS
from t2ibench.metrics.distribution.gaussian import GaussianReference as GaussianReference
from t2ibench.metrics.distribution.gaussian import Moments as Moments
from t2ibench.metrics.intervals import jackknife_interval, jackknife_parts

if TYPE_CHECKING:
    import numpy as np


def frechet_distance(
    first_mean: np.ndarray, first_covariance: np.ndarray, second_mean: np.ndarray, second_covariance: np.ndarray
) -> float:
    """Return the squared Frechet distance of two Gaussians (float d and d x d each); see GaussianReference.distance."""
    return GaussianReference(first_mean, first_covariance).distance(second_mean, second_covariance)


class GramRoute:
    """The same distance when a side has fewer images than features, through an n x m matrix instead of d x d.

    With centred rows X and Y, tr (S1 S2)^1/2 is the sum of the singular values of X Y^T / sqrt((n-1)(m-1)), so nothing
    of size d x d is formed. Leaving images out only drops and re-centres rows.
    """

    def __init__(self, features: np.ndarray, reference: np.ndarray) -> None:
        import numpy as np

        reference = reference.astype(np.float64)
        self._reference_mean = reference.mean(axis=0)
        centred = reference - self._reference_mean
        self._reference_trace = float((centred**2).sum()) / (len(reference) - 1)
        self._rows = features.astype(np.float64) - self._reference_mean
        self._cross = self._rows @ centred.T / math.sqrt(len(reference) - 1)  # n x m

    def distance(self, keep: np.ndarray | None = None) -> float:
        """Return the distance of the images where `keep` (bool N, all if None) holds to the reference."""
        import numpy as np

        rows = self._rows if keep is None else self._rows[keep]
        cross = self._cross if keep is None else self._cross[keep]
        mean = rows.mean(axis=0)
        trace = float(((rows - mean) ** 2).sum()) / (len(rows) - 1)
        nuclear = np.linalg.svd(cross - cross.mean(axis=0), compute_uv=False).sum() / math.sqrt(len(rows) - 1)
        return max(float((mean**2).sum()) + trace + self._reference_trace - 2 * float(nuclear), 0.0)


class FrechetDistance:
    """Frechet distance of the judged images' features to the reference's, with an interval for the former.

    The interval is a delete-a-group jackknife over images: it covers the luck of the captions and noise drawn, with the
    reference held fixed; it does not cover the bias, about proportional to 1/n, that rows of equal n share.
    """

    name = "fid"
    version = 1
    title = "FID"
    unit = ""
    higher_is_better = False
    layer = "pool"
    needs_reference = True
    caption_linked = False
    minimum_n = 10
    reads_statistics = True

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the distance, and the distance with each of the `jackknife_parts` left out.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        import numpy as np

        features, reference = reference_pair(self.title, given, self.layer, self.minimum_n, stored=True)
        parts = jackknife_parts(groups_of(given, len(features)), given.seed)
        fewer, width = min(len(features), len(reference)), features.shape[1]
        # Products of rows with rows cost about len * len * fewer, moments width cubed.
        if fewer < width and len(features) * len(reference) * fewer < width**3:
            return _by_gram(np.asarray(features), np.asarray(reference), parts)
        return _by_moments(features, reference, parts)

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the distance. Errors as above."""
        if given.statistics is not None or given.reference_statistics is not None:
            return estimate_from_statistics(given, title=self.title, layer=self.layer, minimum_n=self.minimum_n)
        value, left_out = self.jackknife(given)
        count, width = given.features[self.layer].shape
        warnings = []
        if count <= width:
            warnings.append(
                f"FID rests on {count} images, no more than its {width} features: its bias is large, so compare "
                "equal n only."
            )
        return Estimate(
            value=value,
            interval=jackknife_interval(value, left_out, low=0.0, what="clustered by image, reference fixed"),
            n=count,
            warnings=tuple(warnings),
        )


def _by_gram(features: np.ndarray, reference: np.ndarray, parts: list[np.ndarray]) -> tuple[float, list[float]]:
    route = GramRoute(features, reference)
    return route.distance(), [route.distance(~out) for out in parts]


def _mean(rows: np.ndarray) -> np.ndarray:
    """Return float64 d, the mean of N x d rows, read in slices."""
    import numpy as np

    total = np.zeros(rows.shape[1])
    for start in range(0, len(rows), ROWS):
        total += rows[start : start + ROWS].sum(axis=0, dtype=np.float64)
    mean: np.ndarray = total / len(rows)
    return mean


def _by_moments(features: np.ndarray, reference: np.ndarray, parts: list[np.ndarray]) -> tuple[float, list[float]]:
    origin = _mean(reference)
    target = Moments.of(reference, origin)
    gaussian = GaussianReference(target.mean, target.covariance)
    everything = Moments.of(features, origin)
    left_out = []
    for out in parts:
        rest = everything.without(Moments.of(features[out], origin))
        left_out.append(gaussian.distance(rest.mean, rest.covariance))
    return gaussian.distance(everything.mean, everything.covariance), left_out
