"""Improved recall: the share of real images that look like some generated one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import jackknife_parts
from t2ibench.metrics.pairs.neighbours import BORDER, centred_pair, checked_neighbour, share_interval, squared_distances

if TYPE_CHECKING:
    import numpy as np


class Recall:
    """Share of reference images inside the ball of at least one image, which reaches to its third neighbour.

    Source: Kynkäänniemi et al., Improved Precision and Recall Metric, 2019, equations 1 and 2; theirs is on VGG-16
    features. Agrees with torch-fidelity's PRC on the same features. One outlier among the images has a ball that may
    hold much of the reference; coverage has not that weakness.

    Args:
        neighbour: which of an image's nearest others sets its radius.
    """

    name = "recall"
    version = 1
    title = "Recall"
    unit = ""
    higher_is_better = True
    layer = "pool"
    needs_reference = True
    caption_linked = False

    def __init__(self, *, neighbour: int = 3) -> None:
        self.neighbour = checked_neighbour(self.title, neighbour)
        self.minimum_n = max(10, neighbour + 1)

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the share, and the share with each of the `jackknife_parts` left out, radii taken anew.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        import numpy as np

        features, reference = centred_pair(self.title, given, self.layer, self.minimum_n)
        parts = [
            out
            for out in jackknife_parts(groups_of(given, len(features)), given.seed)
            if int((~out).sum()) > self.neighbour
        ]
        reach = _radii_without(features, self.neighbour, parts) * (1 + BORDER)  # (1 + parts) x N; -1 who is left out
        found = np.zeros((len(reach), len(reference)), dtype=bool)
        for rows, block in squared_distances(reference, features):
            for at, radii in enumerate(reach):
                found[at, rows] = (block <= radii).any(axis=1)
        shares = found.mean(axis=1)
        return float(shares[0]), [float(share) for share in shares[1:]]

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share, in [0, 1], with a jackknife over images; the reference is held fixed. Errors as above."""
        value, left_out = self.jackknife(given)
        interval = share_interval(value, left_out, len(given.reference[self.layer]))
        return Estimate(value=value, interval=interval, n=len(given.features[self.layer]))


def _radii_without(points: np.ndarray, neighbour: int, parts: list[np.ndarray]) -> np.ndarray:
    """Return float64 (1 + parts) x N: squared radii among all points, then among those outside each part.

    A point that is left out has radius -1: its ball holds nothing.
    """
    import numpy as np

    radii = np.empty((1 + len(parts), len(points)))
    for rows, block in squared_distances(points, points):
        block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = np.inf
        radii[0, rows] = np.partition(block, neighbour - 1, axis=1)[:, neighbour - 1]
        for at, out in enumerate(parts, start=1):
            # Only points with one of their nearest in the part have another radius without it.
            radii[at, rows] = radii[0, rows]
            moved = (block[:, out] <= radii[0, rows][:, None]).any(axis=1)
            left = block[np.ix_(moved, ~out)]
            radii[at, rows.start + np.flatnonzero(moved)] = np.partition(left, neighbour - 1, axis=1)[:, neighbour - 1]
    for at, out in enumerate(parts, start=1):
        radii[at, out] = -1
    return radii
