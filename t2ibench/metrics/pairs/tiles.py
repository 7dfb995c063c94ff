"""Pairs of images in tiles: inner products that are computed once, and the distances and kernel values they give.

Everything is float64. Images that are copies of one another are common here (the ground truth is the reference itself),
so ties are decided by rule and not by rounding: distances within a billionth of a radius lie on its border, and a copy
lies at distance 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

TILE = 1024
"""Images of a side in a tile: 8 MB of products."""
_SAME = 1e-12


@dataclass(frozen=True)
class Points:
    """Images of one side as their features less a common origin, so that products lose fewer digits.

    Attributes:
        rows: float64 N x d, x - c.
        lengths: float64 N, |x - c|^2.
        shifts: float64 N, (x - c) . c + |c|^2 / 2: with those of both images, a product of the features as they were.
    """

    rows: Tensor
    lengths: Tensor
    shifts: Tensor

    @classmethod
    def of(cls, features: np.ndarray, origin: Tensor) -> Self:
        """Return the points of float N x d, on the device of `origin`, float64 d."""
        import torch

        rows = torch.from_numpy(features.astype(np.float64)).to(origin.device).sub_(origin)
        return cls(rows, torch.linalg.vector_norm(rows, dim=1).square(), rows @ origin + origin.dot(origin) / 2)

    def __len__(self) -> int:
        return len(self.rows)

    def distances_to_all(self, chosen: Tensor) -> Tensor:
        """Return float64 n x N: the squared distances of the points at int n to all, infinite to themselves."""
        import torch

        own = Points(self.rows[chosen], self.lengths[chosen], self.shifts[chosen])
        distances = Tile(slice(0, len(chosen)), slice(0, len(self)), own, self).distances
        distances[torch.arange(len(chosen), device=chosen.device), chosen] = torch.inf
        return distances


class Tile:
    """Pairs of some images with some others. A tile on the diagonal pairs images with themselves, which do not count.

    Args:
        rows: of the first side.
        columns: of the second side.
        first: points of the rows alone.
        second: points of the columns alone.
        diagonal: whether both are the same images.
    """

    def __init__(self, rows: slice, columns: slice, first: Points, second: Points, *, diagonal: bool = False) -> None:
        self.rows = rows
        self.columns = columns
        self.diagonal = diagonal
        self._first = first
        self._second = second
        self._products = first.rows @ second.rows.T

    @cached_property
    def distances(self) -> Tensor:
        """Float64 h x w, squared; exactly 0 for copies, infinite for an image and itself."""
        import torch

        scale = self._first.lengths[:, None] + self._second.lengths
        distances = torch.sub(scale, self._products, alpha=2)
        distances.masked_fill_(distances <= scale.mul_(_SAME), 0)
        return distances.fill_diagonal_(torch.inf) if self.diagonal else distances

    def polynomial(self, degree: int, gamma: float | None, offset: float) -> Tensor:
        """Return float64 h x w, (gamma x . y + offset)^degree; gamma None is 1/d. 0 for an image and itself."""
        width = self._first.rows.shape[1] if gamma is None else 1 / gamma
        kernel = self._products.div(width).add_((self._first.shifts / width + offset)[:, None])
        kernel = kernel.add_(self._second.shifts / width).pow_(degree)
        return kernel.fill_diagonal_(0) if self.diagonal else kernel


def tiles_within(points: Points) -> Iterator[Tile]:
    """Yield tiles that hold every pair of different points once, in either order."""
    slices = _slices(points)
    for at, (rows, first) in enumerate(slices):
        for columns, second in slices[at:]:
            yield Tile(rows, columns, first, second, diagonal=rows == columns)


def tiles_across(first: Points, second: Points) -> Iterator[Tile]:
    """Yield tiles that hold every pair of a point of `first` and one of `second` once."""
    for rows, some in _slices(first):
        for columns, others in _slices(second):
            yield Tile(rows, columns, some, others)


def _slices(points: Points) -> list[tuple[slice, Points]]:
    wanted = [slice(start, min(start + TILE, len(points))) for start in range(0, len(points), TILE)]
    return [(one, Points(points.rows[one], points.lengths[one], points.shifts[one])) for one in wanted]
