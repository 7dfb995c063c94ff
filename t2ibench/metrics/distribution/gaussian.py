"""Gaussians of feature sets, by their moments, and the Frechet distance between two of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from t2ibench.core.machine.threads import one_thread

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_ROWS = 4096


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
    def of(cls, features: np.ndarray, origin: np.ndarray | None = None, *, device: str = "cpu") -> Self:
        """Return the moments of float N x d, taken in slices so that memory stays flat; `origin` None is zero."""
        import torch

        width = features.shape[1]
        point = np.zeros(width) if origin is None else np.asarray(origin, dtype=np.float64)
        total, outer = (torch.zeros(size, dtype=torch.float64, device=device) for size in ((width,), (width, width)))
        for rows in _slices(features, point, device):
            total += rows.sum(dim=0)
            outer.addmm_(rows.T, rows)
        return cls(len(features), point, total.cpu().numpy(), outer.cpu().numpy())

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
        shift = self.total / self.count
        covariance = (self.outer - self.count * np.outer(shift, shift)) / (self.count - 1)
        symmetric: np.ndarray = (covariance + covariance.T) / 2
        return symmetric


class GaussianReference:
    """One side of the distance, its covariance factored once, to be compared with many others.

    Args:
        mean: float d.
        covariance: float d x d.
        device: where is computed, in float64.
    """

    def __init__(self, mean: np.ndarray, covariance: np.ndarray, *, device: str = "cpu") -> None:
        import torch

        self.mean = np.asarray(mean, dtype=np.float64)
        symmetric = _on(covariance, device)
        symmetric = (symmetric + symmetric.T) / 2
        self._trace = float(symmetric.trace())
        with one_thread():
            root, failed = torch.linalg.cholesky_ex(symmetric)
            if int(failed):
                # Below full rank. Eigenvalues below zero are rounding of zero: a covariance has none.
                values, vectors = torch.linalg.eigh(symmetric)
                root = vectors * values.clamp(min=0).sqrt()
        self._root = root

    def distance(self, mean: np.ndarray, covariance: np.ndarray) -> float:
        """Return |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2), at least 0.

        With S1 = F F^T, the trace of the root is the sum of the roots of the eigenvalues of F^T S2 F. That is
        symmetric, so its eigenvalues are real: no sqrtm, no imaginary part to discard, no epsilon on the diagonal, and
        rank-deficient covariances are nothing special.
        Source: Dowson and Landau 1982; Heusel et al. 2017, equation 6.
        """
        import torch

        other = _on(covariance, self._root.device)
        between = self._between(other)
        with one_thread():
            values = torch.linalg.eigvalsh(between)
        return self._sum(mean, float(other.trace()), float(values.clamp(min=0).sqrt().sum()))

    def influence(self, features: np.ndarray, moments: Moments) -> tuple[float, np.ndarray]:
        """Return the distance to `moments`, those of `features` (float N x d), and each image's influence on it.

        The derivative of the distance by the other covariance is I - F (F^T S2 F)^-1/2 F^T, the identity less the
        optimal transport between the Gaussians, and by the other mean twice the difference of the means: one
        decomposition gives the value and, with a product, what every image adds to it.
        """
        import torch

        device = self._root.device
        covariance = _on(moments.covariance, device)
        between = self._between(covariance)
        with one_thread():
            values, vectors = torch.linalg.eigh(between)
        values = values.clamp(min=0)
        value = self._sum(moments.mean, float(covariance.trace()), float(values.sqrt().sum()))
        held = values > values.max() * len(values) * torch.finfo(torch.float64).eps
        onto = (self._root @ vectors[:, held]) * values[held] ** -0.25
        apart = _on(moments.mean - self.mean, device)
        parts = [
            _spread_less_shared(rows, (rows @ onto).square().sum(dim=1), apart, moments.count)
            for rows in _slices(features, moments.mean, str(device))
        ]
        influence = np.concatenate(parts)
        return value, influence - influence.mean()

    def by_rows(self, features: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the same as `influence`, through an N x d matrix: for fewer images than features."""
        return _by_rows(_on(features, self._root.device) - _on(self.mean, self._root.device), self._root, self._trace)

    def _between(self, covariance: Tensor) -> Tensor:
        middle = self._root.T @ covariance @ self._root
        symmetric: Tensor = (middle + middle.T) / 2
        return symmetric

    def _sum(self, mean: np.ndarray, trace: float, shared: float) -> float:
        return max(float(((self.mean - mean) ** 2).sum()) + self._trace + trace - 2 * shared, 0.0)


def gram_influence(features: np.ndarray, reference: np.ndarray, *, device: str = "cpu") -> tuple[float, np.ndarray]:
    """Return the distance of float N x d to M x d and each image's influence on it, where there are fewer images.

    The reference's centred rows are the factor of its covariance, so nothing of size d x d is formed.
    """
    others = _on(reference, device)
    middle = others.mean(dim=0)
    root = (others - middle).T / math.sqrt(len(reference) - 1)
    return _by_rows(_on(features, device) - middle, root, _squares(root))


def _by_rows(rows: Tensor, root: Tensor, reference_trace: float) -> tuple[float, np.ndarray]:
    """Return (distance, influence) of rows less the reference's mean, given F with F F^T the reference's covariance.

    With centred rows X, tr (S1 S2)^1/2 is the sum of the singular values of X F / sqrt(N - 1), and an image's part of
    the transport is N - 1 times the sum of u^2 s over its entries u of the left singular vectors.
    """
    import torch

    count = len(rows)
    apart = rows.mean(dim=0)
    centred = rows - apart
    across = centred @ root / math.sqrt(count - 1)
    with one_thread():
        left, sizes, _ = torch.linalg.svd(across, full_matrices=False)
    trace = _squares(centred) / (count - 1)
    value = float(apart.square().sum()) + trace + reference_trace - 2 * float(sizes.sum())
    influence = _spread_less_shared(centred, (count - 1) * (left.square() @ sizes), apart, count)
    return max(value, 0.0), influence - influence.mean()


def _squares(rows: Tensor) -> float:
    """Return the sum of all squares, in one order for any number of threads."""
    return float(rows.square().sum(dim=1).cpu().numpy().sum())


def _spread_less_shared(centred: Tensor, shared: Tensor, apart: Tensor, count: int) -> np.ndarray:
    """Return float64 N, influences up to a constant: the mean's part, and the covariance's part, unbiased."""
    spread = (centred.square().sum(dim=1) - shared) * (count / (count - 1))
    influence: np.ndarray = (spread + 2 * (centred @ apart)).cpu().numpy()
    return influence


def mean_of(rows: np.ndarray) -> np.ndarray:
    """Return float64 d, the mean of N x d rows, read in slices."""
    total = np.zeros(rows.shape[1])
    for start in range(0, len(rows), _ROWS):
        total += rows[start : start + _ROWS].sum(axis=0, dtype=np.float64)
    mean: np.ndarray = total / len(rows)
    return mean


def _slices(features: np.ndarray, origin: np.ndarray, device: str) -> Iterator[Tensor]:
    """Yield float64 rows less `origin`, a few thousand at a time."""
    point = _on(origin, device)
    for start in range(0, len(features), _ROWS):
        yield _on(features[start : start + _ROWS], device) - point


def _on(values: np.ndarray, device: str | torch.device) -> Tensor:
    """Return a float64 copy on `device`."""
    import torch

    return torch.from_numpy(np.array(values, dtype=np.float64)).to(device)
