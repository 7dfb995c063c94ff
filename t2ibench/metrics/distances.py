"""Distances of one set's features to another's, in float64 and in blocks, for metrics outside the pass over pairs.

Memory stays flat. A copy lies at distance exactly 0; distances within a billionth of a radius lie on its border.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.checks import reference_pair

if TYPE_CHECKING:
    import numpy as np

_CELLS = 4_000_000
"""Distances held at a time: 32 MB."""
_SAME = 1e-12


def centred_pair(metric: str, given: MetricInput, layer: str, minimum_n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (features, reference), float64 N x d and M x d, both shifted by the reference's mean.

    Distances do not change; the products that they are computed from lose fewer digits.

    Raises:
        UserError: as `reference_pair`.
    """
    import numpy as np

    features, reference = reference_pair(metric, given, layer, minimum_n)
    middle = reference.mean(axis=0, dtype=np.float64)
    return features.astype(np.float64) - middle, reference.astype(np.float64) - middle


def squared_distances(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (rows of `first`, float64 rows x m: their squared distances to all of `second`); exactly 0 for copies."""
    import numpy as np

    lengths = np.einsum("nd,nd->n", second, second)
    height = max(_CELLS // len(second), 1)
    for start in range(0, len(first), height):
        rows = slice(start, min(start + height, len(first)))
        scale = np.einsum("nd,nd->n", first[rows], first[rows])[:, None] + lengths
        block = scale - 2 * (first[rows] @ second.T)
        block[block <= _SAME * scale] = 0
        yield rows, block


def squared_radii(points: np.ndarray, neighbour: int) -> np.ndarray:
    """Return float64 N: the squared distance of every point to its `neighbour`-th nearest other point."""
    import numpy as np

    radii = np.empty(len(points))
    for rows, block in squared_distances(points, points):
        block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = np.inf
        radii[rows] = np.partition(block, neighbour - 1, axis=1)[:, neighbour - 1]
    return radii
