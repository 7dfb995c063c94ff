"""The Gaussian of a feature set: its moments, and its distance to others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import numpy as np

ROWS = 4096
"""Rows of features that are summed at once."""


@dataclass(frozen=True)
class Moments:
    """Sufficient statistics of a feature set: they add up over batches, shards and machines.

    Sums are taken about `origin`, a fixed point near the data: about zero, a large mean would drown the covariance.

    Attributes:
        count: rows seen.
        origin: float64 d; moments of one origin alone can be added.
        total: float64 d, sum of (x - origin).
        outer: float64 d x d, sum of (x - origin)(x - origin)^T.
    """

    count: int
    origin: np.ndarray
    total: np.ndarray
    outer: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, origin: np.ndarray | None = None) -> Self:
        """Return the moments of float N x d, taken in slices so that memory stays flat; `origin` None is zero."""
        import numpy as np

        width = features.shape[1]
        point = np.zeros(width) if origin is None else np.asarray(origin, dtype=np.float64)
        total, outer = np.zeros(width), np.zeros((width, width))
        for start in range(0, len(features), ROWS):
            rows = features[start : start + ROWS].astype(np.float64) - point
            total += rows.sum(axis=0)
            outer += rows.T @ rows
        return cls(len(features), point, total, outer)

    @classmethod
    def merged(cls, parts: Iterable[Moments]) -> Self:
        """Return the moments of all parts together. Raises ValueError for none, or for different origins."""
        import numpy as np

        listed = list(parts)
        if not listed or any(not np.array_equal(part.origin, listed[0].origin) for part in listed):
            raise ValueError("moments of one common origin are needed")
        return cls(
            sum(part.count for part in listed),
            listed[0].origin,
            np.sum([part.total for part in listed], axis=0),
            np.sum([part.outer for part in listed], axis=0),
        )

    def without(self, part: Moments) -> Moments:
        """Return the moments of what is left when `part`, a subset, is taken away."""
        return Moments(self.count - part.count, self.origin, self.total - part.total, self.outer - part.outer)

    @property
    def mean(self) -> np.ndarray:
        """Float64 d."""
        mean: np.ndarray = self.origin + self.total / self.count
        return mean

    @property
    def covariance(self) -> np.ndarray:
        """Float64 d x d, unbiased (over count - 1), symmetric to the last bit."""
        import numpy as np

        shift = self.total / self.count
        covariance = (self.outer - self.count * np.outer(shift, shift)) / (self.count - 1)
        symmetric: np.ndarray = (covariance + covariance.T) / 2
        return symmetric


class GaussianReference:
    """One side of the distance, with its square root taken once, to be compared with many others."""

    def __init__(self, mean: np.ndarray, covariance: np.ndarray) -> None:
        import numpy as np

        self.mean = np.asarray(mean, dtype=np.float64)
        covariance = np.asarray(covariance, dtype=np.float64)
        values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
        self._trace = float(np.trace(covariance))
        # Eigenvalues below zero are rounding of zero: a covariance has none.
        self._root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T

    def distance(self, mean: np.ndarray, covariance: np.ndarray) -> float:
        """Return |m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2), at least 0.

        The product between roots is symmetric, so its eigenvalues are real: no sqrtm, no imaginary part to discard, no
        epsilon on the diagonal, and rank-deficient covariances are nothing special.
        Source: Dowson and Landau 1982; Heusel et al. 2017, equation 6.
        """
        import numpy as np

        middle = self._root @ covariance @ self._root
        values = np.linalg.eigvalsh((middle + middle.T) / 2)
        cross = float(np.sqrt(np.clip(values, 0, None)).sum())
        apart = float(((self.mean - mean) ** 2).sum())
        return max(apart + self._trace + float(np.trace(covariance)) - 2 * cross, 0.0)
