"""Coverage: the share of real images that have a generated one in their neighbourhood."""

from __future__ import annotations

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import jackknife_parts
from t2ibench.metrics.pairs.neighbours import (
    BORDER,
    centred_pair,
    checked_neighbour,
    share_interval,
    squared_distances,
    squared_radii,
)


class Coverage:
    """Share of reference images whose ball, reaching to the fifth neighbour, holds an image.

    Source: Naeem et al., Reliable Fidelity and Diversity Metrics, 2020, equation 6, k = 5. Balls are open, as in the
    authors' code. It grows with the number of images: compare equal n only.

    Args:
        neighbour: k, which of a reference image's nearest others sets its radius.
    """

    name = "coverage"
    version = 1
    title = "Coverage"
    unit = ""
    higher_is_better = True
    layer = "pool"
    needs_reference = True
    caption_linked = False

    def __init__(self, *, neighbour: int = 5) -> None:
        self.neighbour = checked_neighbour(self.title, neighbour)
        self.minimum_n = max(10, neighbour + 1)

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the share, and the share with each of the `jackknife_parts` left out.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        import numpy as np

        features, reference = centred_pair(self.title, given, self.layer, self.minimum_n)
        parts = jackknife_parts(groups_of(given, len(features)), given.seed)
        reach = squared_radii(reference, self.neighbour) * (1 - BORDER)
        members = np.stack([np.ones(len(features), dtype=bool), *parts], axis=1).astype(np.float64)
        visitors = np.empty((len(reference), members.shape[1]))  # all of them, then those of each part
        for rows, block in squared_distances(reference, features):
            inside = (block < reach[rows, None]) | (block == 0)
            visitors[rows] = inside.astype(np.float64) @ members
        left_out = [float((visitors[:, 0] > visitors[:, at]).mean()) for at in range(1, members.shape[1])]
        return float((visitors[:, 0] > 0).mean()), left_out

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share, in [0, 1], with a jackknife over images; the reference is held fixed. Errors as above."""
        value, left_out = self.jackknife(given)
        interval = share_interval(value, left_out, len(given.reference[self.layer]))
        return Estimate(value=value, interval=interval, n=len(given.features[self.layer]))
