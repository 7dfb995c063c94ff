"""Clipped coverage: the share of real images that would cover the reference as well."""

from __future__ import annotations

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.distances import centred_pair
from t2ibench.metrics.intervals import jackknife_parts
from t2ibench.metrics.manifolds.clipped import ClippedBalls, calibrated_coverage, expected_coverage, raw_coverage
from t2ibench.metrics.pairs.neighbours import checked_neighbour, share_interval


class ClippedCoverage:
    """Mean over reference balls of the images inside, cut at k, over k, on the scale of real images: 0.7 is as 70 %.

    Source: arXiv 2507.01761.

    Args:
        neighbour: k, which of a reference image's nearest others sets its radius, and how many images fill a ball.
    """

    name = "clipped_coverage"
    version = 1
    title = "Clipped coverage"
    unit = ""
    higher_is_better = True
    layer = "pool"
    needs_reference = True
    caption_linked = False

    def __init__(self, *, neighbour: int = 5) -> None:
        self.neighbour = checked_neighbour(self.title, neighbour)
        self.minimum_n = max(10, neighbour + 1)

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the coverage, and it with each of the `jackknife_parts` left out, each calibrated for its own n.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        import numpy as np

        features, reference = centred_pair(self.title, given, self.layer, self.minimum_n)
        parts = jackknife_parts(groups_of(given, len(features)), given.seed)
        members = np.stack([np.ones(len(features), dtype=bool), *parts], axis=1).astype(np.float64)
        found = ClippedBalls.of(reference, self.neighbour).visitors(features, members)
        expected = expected_coverage(len(features), len(reference), self.neighbour)
        value = calibrated_coverage(raw_coverage(found[:, 0], self.neighbour), expected)
        left_out = [
            calibrated_coverage(
                raw_coverage(found[:, 0] - found[:, 1 + at], self.neighbour), expected[: 1 + int((~out).sum())]
            )
            for at, out in enumerate(parts)
        ]
        return value, left_out

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share, in [0, 1], with a jackknife over images; the reference is held fixed. Errors as above."""
        value, left_out = self.jackknife(given)
        interval = share_interval(value, left_out, len(given.reference[self.layer]))
        return Estimate(value=value, interval=interval, n=len(given.features[self.layer]))
