"""FID without its bias: what FID tends to as the number of images grows, by extrapolation in 1/n."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.distribution.gaussian import GaussianReference, Moments
from t2ibench.metrics.intervals import keyed_order
from t2ibench.metrics.plain import JackknifeMetric

SHARES: Final = (1, 2, 3)
"""FID is taken on all images, on halves and on thirds."""


class FrechetDistanceInfinity(JackknifeMetric):
    """Intercept of the line through FID against 1/n, for n images, for halves and for thirds of them.

    Source: Chong and Forsyth, Effectively Unbiased FID and Inception Score, 2020, section 4. Differs: instead of 15
    random subsets of growing size, FID at n/2 and n/3 is the mean over a keyed cut of all images into two and three,
    so every image counts alike at every size. The reference's own share of the bias, the same for all rows, stays.
    May fall a little below 0.
    """

    name = "fid_infinity"
    version = 1
    title = "FID∞"
    higher_is_better = False
    least = -math.inf
    minimum_n = 40

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the extrapolated distance, and it with each of the `jackknife_parts` left out.

        Raises:
            UserError: fewer than 40 images on a side, no more than features in a third of the images, or features
                that are not finite or of different widths.
        """
        features, reference = self.pair_of(given)
        count, width = features.shape
        least = SHARES[-1] * (width + 1)
        if count < least:
            raise UserError(
                f"{self.title} needs at least {least} images for {width} features and was given {count}: below that "
                "FID is no straight line in 1/n. Ask for more with --samples, or use KID, which has no bias."
            )
        parts = self.parts_of(given, count)
        origin = reference.mean(axis=0, dtype=np.float64)
        target = Moments.of(reference, origin)
        gaussian = GaussianReference(target.mean, target.covariance)
        sums = {shares: _cut(features, _pieces(count, shares, given.seed), parts, origin) for shares in SHARES}
        values = [
            intercept(
                [_mean_count(pieces, at) for pieces in sums.values()],
                [_mean_distance(gaussian, pieces, at) for pieces in sums.values()],
            )
            for at in range(1 + len(parts))
        ]
        return values[0], values[1:]


def intercept(counts: Sequence[float], distances: Sequence[float]) -> float:
    """Return where the least-squares line of `distances` against 1/`counts` meets 1/n = 0."""
    return float(np.polynomial.polynomial.polyfit(1 / np.asarray(counts), np.asarray(distances), 1)[0])


Pieces = list[list[Moments]]
"""A piece of the images -> its moments: whole, then without each part of the jackknife."""


def _pieces(count: int, shares: int, seed: int) -> np.ndarray:
    """Return int N: the piece of each image, 0..shares-1, of nearly equal size."""
    piece = np.empty(count, dtype=np.int64)
    piece[keyed_order(count, seed, "fid infinity", shares)] = np.arange(count) % shares
    return piece


def _cut(features: np.ndarray, piece_of: np.ndarray, parts: list[np.ndarray], origin: np.ndarray) -> Pieces:
    pieces: Pieces = []
    for piece in range(int(piece_of.max()) + 1):
        mine = piece_of == piece
        whole = Moments.of(features[mine], origin)
        pieces.append([whole, *(whole.without(Moments.of(features[mine & out], origin)) for out in parts)])
    return pieces


def _mean_count(pieces: Pieces, at: int) -> float:
    return sum(piece[at].count for piece in pieces) / len(pieces)


def _mean_distance(gaussian: GaussianReference, pieces: Pieces, at: int) -> float:
    return sum(gaussian.distance(piece[at].mean, piece[at].covariance) for piece in pieces) / len(pieces)
