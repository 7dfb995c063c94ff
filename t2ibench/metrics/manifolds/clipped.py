"""Clipped density and coverage: the two with outliers bounded, calibrated so that real images score 1."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from t2ibench.metrics.pairs.balls import BallCounts
from t2ibench.metrics.pairs.neighbours import Nearest, closed_reach
from t2ibench.metrics.pairs.one_pass import Side
from t2ibench.metrics.pairs.tiles import Points


class ClippedBalls(BallCounts):
    """How many of the reference's balls, cut at the median radius, every image lies in.

    Source: arXiv 2507.01761. Among real images a ball holds only its K nearest.

    Attributes:
        real: density that the reference's own images have, which is 1 after calibration.
    """

    real: float

    def __init__(self, neighbour: int) -> None:
        super().__init__(neighbour, lambda radii: closed_reach(radii.clamp(max=float(radii.sqrt().quantile(0.5)) ** 2)))

    def begin_across(self, images: Points, reference: Points, nearest: Mapping[Side, Nearest]) -> None:
        """Draw the balls."""
        super().begin_across(images, reference, nearest)
        names, squares = (one[:, : self._neighbour] for one in nearest["reference"].found)
        holding = names[squares <= self._reach[:, None]].bincount(minlength=len(reference))
        self.real = float((holding.double() / self._neighbour).clamp(max=1).mean())

    def densities(self) -> np.ndarray:
        """Return float64 N in [0, 1 / real density]: the share of K balls around an image, calibrated, not cut at 1."""
        found: np.ndarray = ((self.counts / self._neighbour).clamp(max=1) / self.real).cpu().numpy()
        return found


def expected_coverage(images: int, real: int, neighbour: int) -> np.ndarray:
    """Return float64 images + 1: the coverage before calibration that 0, 1, ... images of the real kind would get.

    E min(B, K) / K with B ~ BetaBinomial(m; K, N - K) for m images; 0 below K. Source: arXiv 2507.01761.
    """
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
    return float(np.searchsorted(expected, raw) / len(expected))


def raw_coverage(visitors: np.ndarray, neighbour: int) -> float:
    """Return the mean over real balls of min(images inside, K) / K; `visitors` is float M."""
    return float(np.minimum(visitors, neighbour).mean() / neighbour)
