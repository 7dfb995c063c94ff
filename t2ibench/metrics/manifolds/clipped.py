"""Clipped density and coverage: the two with outliers bounded, calibrated so that real images score 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from t2ibench.metrics.distances import squared_distances, squared_radii
from t2ibench.metrics.pairs.neighbours import BORDER

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ClippedBalls:
    """The reference's balls, taken once.

    Attributes:
        reference: float64 M x d.
        neighbour: K.
        full: float64 M, squared radii out to the K-th neighbour: coverage's.
        clipped: float64 M, those cut at the median radius: density's.
        real_density: density that the reference's own images have, which is 1 after calibration.
    """

    reference: np.ndarray
    neighbour: int
    full: np.ndarray
    clipped: np.ndarray
    real_density: float

    @classmethod
    def of(cls, reference: np.ndarray, neighbour: int) -> Self:
        """Return the balls of float64 M x d, M > K.

        Source: arXiv 2507.01761. Among real images a ball holds only its K nearest.
        """
        import numpy as np

        full = squared_radii(reference, neighbour)
        clipped = np.minimum(full, np.median(np.sqrt(full)) ** 2)
        holding = np.zeros(len(reference))
        for rows, block in squared_distances(reference, reference):
            block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = np.inf
            nearest = np.argsort(block, axis=1, kind="stable")[:, :neighbour]
            inside = np.take_along_axis(block, nearest, axis=1) <= clipped[rows, None] * (1 + BORDER)
            holding += np.bincount(nearest[inside], minlength=len(reference))
        real = float(np.minimum(holding / neighbour, 1).mean())
        return cls(reference, neighbour, full, clipped, real)

    def density_of(self, features: np.ndarray) -> np.ndarray:
        """Return float64 N in [0, 1 / real density]: the share of K balls around an image, calibrated, not cut at 1."""
        import numpy as np

        counts = np.empty(len(features))
        reach = self.clipped * (1 + BORDER)
        for rows, block in squared_distances(features, self.reference):
            counts[rows] = (block <= reach).sum(axis=1)
        values: np.ndarray = np.minimum(counts / self.neighbour, 1) / self.real_density
        return values

    def visitors(self, features: np.ndarray, members: np.ndarray) -> np.ndarray:
        """Return float64 M x P: images inside each real ball, open, of each of the P sets (float N x P of 0 and 1)."""
        import numpy as np

        found = np.empty((len(self.reference), members.shape[1]))
        reach = self.full * (1 - BORDER)
        for rows, block in squared_distances(self.reference, features):
            found[rows] = ((block < reach[rows, None]) | (block == 0)).astype(np.float64) @ members
        return found


def expected_coverage(images: int, real: int, neighbour: int) -> np.ndarray:
    """Return float64 images + 1: the coverage before calibration that 0, 1, ... images of the real kind would get.

    E min(B, K) / K with B ~ BetaBinomial(m; K, N - K) for m images; 0 below K. Source: arXiv 2507.01761.
    """
    import numpy as np
    from scipy.special import betaln, gammaln

    m = np.arange(images + 1, dtype=np.float64)
    short = np.zeros(images + 1)  # E max(K - B, 0)
    for hits in range(neighbour):
        fits = m >= hits
        at = m[fits]
        log_ways = gammaln(at + 1) - gammaln(hits + 1) - gammaln(at - hits + 1)
        log_p = log_ways + betaln(hits + neighbour, at - hits + real - neighbour) - betaln(neighbour, real - neighbour)
        short[fits] += (neighbour - hits) * np.exp(log_p)
    expected: np.ndarray = np.where(m < neighbour, 0.0, 1 - short / neighbour)
    return expected


def calibrated_coverage(raw: float, expected: np.ndarray) -> float:
    """Return in [0, 1] the share of real images that would cover as much: 0.7 is as good as 70 % real ones."""
    import numpy as np

    return float(np.searchsorted(expected, raw) / len(expected))


def raw_coverage(visitors: np.ndarray, neighbour: int) -> float:
    """Return the mean over real balls of min(images inside, K) / K; `visitors` is float M."""
    import numpy as np

    return float(np.minimum(visitors, neighbour).mean() / neighbour)
