"""Nearest neighbours among features: what precision, recall, density and coverage are made of.

Distances are squared, in float64 and in blocks, so that memory stays flat. Images that are copies of one another are
common here (the ground truth is the reference itself), so ties are decided by rule and not by rounding: distances
within a billionth of a radius lie on its border, and a copy lies at distance 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Interval
from t2ibench.metrics.checks import reference_pair
from t2ibench.metrics.intervals import hit_rate_interval, jackknife_interval

if TYPE_CHECKING:
    import numpy as np

_CELLS = 4_000_000
"""Distances held at a time: 32 MB."""
_SAME = 1e-12
BORDER = 1e-9
"""Relative width of a ball's border, in squared distance."""


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


def checked_neighbour(title: str, neighbour: int) -> int:
    """Return `neighbour`, which says what ball is drawn around an image.

    Raises:
        UserError: it is below 1.
    """
    if neighbour < 1:
        raise UserError(f"{title} needs neighbour >= 1; found {neighbour}.")
    return neighbour


def share_interval(value: float, left_out: Sequence[float], reference: int) -> Interval | None:
    """Return the jackknife interval of a share of `reference` images, cut to [0, 1]; None without any parts.

    Where leaving a part out changes nothing at all, as where none is found, it is Wilson's over the reference images:
    0 of 400 is not certainly 0.
    """
    import numpy as np

    found = jackknife_interval(value, left_out, low=0.0, high=1.0, what="clustered by image, reference fixed")
    if found is None or found.high > found.low:
        return found
    hits = (np.arange(reference) < round(value * reference)).astype(np.float64)
    wilson = hit_rate_interval(hits, np.arange(reference))
    return Interval(wilson.low, wilson.high, wilson.level, "Wilson, over the reference images")
