"""Squared maximum mean discrepancy under any kernel: what CMMD and KID's variants are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(float64 n x d, float64 m x d) -> float64 n x m."""

Estimator = Literal["biased", "unbiased", "u-statistic"]


def polynomial_kernel(degree: int = 3, gamma: float | None = None, offset: float = 1.0) -> Kernel:
    """Return (gamma x . y + offset)^degree; gamma None is 1/d. Source: Bińkowski et al. 2018, section 4."""

    def kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        scale = 1 / first.shape[1] if gamma is None else gamma
        values: np.ndarray = (scale * (first @ second.T) + offset) ** degree
        return values

    return kernel


def gaussian_kernel(sigma: float = 10.0) -> Kernel:
    """Return exp(-|x - y|^2 / (2 sigma^2)), which is 1 for an image and itself."""

    def kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * (first @ second.T)
        values: np.ndarray = np.exp(-np.clip(squares, 0, None) / (2 * sigma**2))
        return values

    return kernel


def squared_discrepancy(
    first: np.ndarray, second: np.ndarray, kernel: Kernel, estimator: Estimator = "unbiased"
) -> float:
    """Return the squared MMD of float64 n x d and m x d; at least 0 only where biased.

    "biased" takes means over whole matrices; "unbiased" leaves out pairs of an image with itself; "u-statistic" leaves
    out the pairs (x_i, y_i) as well, for sets of one size. Source: Gretton et al. 2012, equations 3 to 5.

    Raises:
        ValueError: the u-statistic of sets of two sizes.
    """
    n, m = len(first), len(second)
    own, other, cross = kernel(first, first), kernel(second, second), kernel(first, second)
    if estimator == "biased":
        return float(own.mean() + other.mean() - 2 * cross.mean())
    pairs = float(own.sum() - np.trace(own)) / (n * (n - 1)) + float(other.sum() - np.trace(other)) / (m * (m - 1))
    if estimator == "unbiased":
        return pairs - 2 * float(cross.mean())
    if n != m:
        raise ValueError(f"the u-statistic needs sets of one size, not {n} and {m}")
    return pairs - 2 * float(cross.sum() - np.trace(cross)) / (n * (n - 1))


def discrepancy_of_subsets(
    first: np.ndarray, second: np.ndarray, subsets: Iterable[tuple[np.ndarray, np.ndarray]], kernel: Kernel
) -> np.ndarray:
    """Return float64, the unbiased estimate of every pair of row sets (int arrays), as torch-fidelity takes them."""
    return np.array([squared_discrepancy(first[rows], second[others], kernel) for rows, others in subsets])
