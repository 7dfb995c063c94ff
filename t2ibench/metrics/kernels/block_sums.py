"""A kernel distance with any images left out, from one pass over the kernel."""

from __future__ import annotations

import numpy as np

from t2ibench.metrics.kernels.mean_discrepancy import Kernel

_CELLS = 4_000_000
"""Kernel values held at a time: 32 MB."""


def discrepancy_and_parts(
    features: np.ndarray, reference: np.ndarray, kernel: Kernel, parts: list[np.ndarray], *, diagonal: bool
) -> tuple[float, list[float]]:
    """Return the squared MMD of float64 n x d and m x d, and it without the rows of each part (bool n).

    `diagonal` keeps pairs of an image with itself (biased, at least 0); without, they are left out (unbiased). Memory
    is flat in n and m. Source: Gretton et al. 2012, equations 3 and 5.
    """
    n, m = len(features), len(reference)
    part_of = np.zeros(n, dtype=np.int64)
    for index, out in enumerate(parts):
        part_of[out] = index
    belongs = np.eye(max(len(parts), 1))[part_of]
    width = belongs.shape[1]
    within, own, across, fixed = np.zeros((width, width)), np.zeros(width), np.zeros(width), 0.0
    height = max(_CELLS // max(n, m), 1)
    for start in range(0, n, height):
        rows = slice(start, min(start + height, n))
        block = kernel(features[rows], features)
        own += belongs[rows].T @ block[np.arange(len(block)), np.arange(rows.start, rows.stop)]
        within += belongs[rows].T @ (block @ belongs)
        across += belongs[rows].T @ kernel(features[rows], reference).sum(axis=1)
    for start in range(0, m, height):
        rows = slice(start, min(start + height, m))
        block = kernel(reference[rows], reference)
        fixed += float(block.sum())
        if not diagonal:
            fixed -= float(block[np.arange(len(block)), np.arange(rows.start, rows.stop)].sum())
    fixed /= m * (m if diagonal else m - 1)

    def distance(pairs: float, itself: float, cross: float, count: int) -> float:
        kept = pairs if diagonal else pairs - itself
        return kept / (count * (count if diagonal else count - 1)) + fixed - 2 * cross / (count * m)

    pairs, itself, cross = float(within.sum()), float(own.sum()), float(across.sum())
    left_out = [
        distance(
            pairs - float(within[at].sum() + within[:, at].sum() - within[at, at]),
            itself - float(own[at]),
            cross - float(across[at]),
            n - int(out.sum()),
        )
        for at, out in enumerate(parts)
    ]
    return distance(pairs, itself, cross, n), left_out
