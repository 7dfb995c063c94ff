"""Nearest neighbours among features: what precision, recall, density and coverage are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from t2ibench.metrics.pairs.tiles import Points, Tile, tiles_across, tiles_within

if TYPE_CHECKING:
    from torch import Tensor

BORDER = 1e-9
"""Relative width of a ball's border, in squared distance."""
_ROWS = 256


class Nearest:
    """The nearest others of every point, found as tiles go by.

    Args:
        points: whose.
        count: how many are kept, or as many as there are.
        among: how many others there are where they are of another side, see `nearest_across`.
    """

    def __init__(self, points: Points, count: int, among: int | None = None) -> None:
        import torch

        self._points = points
        self._count = min(count, len(points) - 1 if among is None else among)
        size, device = (len(points), self._count), points.rows.device
        self._distances = torch.full(size, torch.inf, dtype=torch.float64, device=device)
        self._names = torch.full(size, -1, dtype=torch.int64, device=device)

    def read(self, tile: Tile) -> None:
        """Take in pairs within the points' own side."""
        self._take(tile.rows, tile.columns.start, tile.distances)
        if not tile.diagonal:
            self._take(tile.columns, tile.rows.start, tile.distances.T.contiguous())

    def read_across(self, tile: Tile) -> None:
        """Take in pairs of points with those of another side."""
        self._take(tile.rows, tile.columns.start, tile.distances)

    @property
    def found(self) -> tuple[Tensor, Tensor]:
        """(int64 N x count: the nearest ones, the nearest first; float64 N x count: their squared distances)."""
        return self._names, self._distances

    def radii(self, neighbour: int) -> Tensor:
        """Return float64 N: the squared distance of every point to its `neighbour`-th nearest other point."""
        radii: Tensor = self._distances[:, neighbour - 1]
        return radii

    def radii_without(self, neighbour: int, part: Tensor) -> Tensor:
        """Return the same among the points outside of `part`, bool N; -1 for those in it: their balls hold nothing."""
        import torch

        kept = self._distances.masked_fill(part[self._names], torch.inf)
        radii = kept.kthvalue(neighbour, dim=1).values
        radii[part] = -1
        # More of the nearest may lie in the part than are spared: then all others are asked.
        for rows in torch.split(torch.isinf(radii).nonzero().squeeze(1), _ROWS):
            others = self._points.distances_to_all(rows)[:, ~part]
            radii[rows] = others.kthvalue(neighbour, dim=1).values
        return radii

    def _take(self, rows: slice, start: int, distances: Tensor) -> None:
        import torch

        found, places = distances.topk(min(self._count, distances.shape[1]), dim=1, largest=False, sorted=False)
        distances = torch.cat([self._distances[rows], found], dim=1)
        names = torch.cat([self._names[rows], places + start], dim=1)
        self._distances[rows], order = distances.topk(self._count, dim=1, largest=False)
        self._names[rows] = names.gather(1, order)


def nearest_across(features: np.ndarray, others: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (int64 N x count: rows of `others`, the nearest first; float64 N x count: distances); 0 for copies.

    Args:
        features: float64 N x d.
        others: float64 M x d.
        count: how many are wanted, M at most.
    """
    first, second = _sides(features, others)
    nearest = Nearest(first, count, among=len(second))
    for tile in tiles_across(first, second):
        nearest.read_across(tile)
    names, squares = nearest.found
    return names.numpy(), squares.sqrt().numpy()


def own_radii(points: np.ndarray, neighbour: int) -> np.ndarray:
    """Return float64 N: the distance of each of float64 N x d to its `neighbour`-th nearest other one."""
    side, _ = _sides(points, points)
    nearest = Nearest(side, neighbour)
    for tile in tiles_within(side):
        nearest.read(tile)
    radii: np.ndarray = nearest.radii(neighbour).sqrt().numpy()
    return radii


def _sides(features: np.ndarray, others: np.ndarray) -> tuple[Points, Points]:
    """Return both sides about the second's mean, so that products lose fewer digits."""
    import torch

    origin = torch.from_numpy(others.mean(axis=0, dtype="float64"))
    return Points.of(features, origin), Points.of(others, origin)


def closed_reach(radii: Tensor) -> Tensor:
    """Return what a squared distance may be at most to lie in a ball or on its border."""
    return radii * (1 + BORDER)


def open_reach(radii: Tensor) -> Tensor:
    """Return what a squared distance may be at most to lie inside a ball; a copy of its centre always does."""
    import torch

    border = (radii * (1 - BORDER)).clamp(min=torch.finfo(radii.dtype).tiny)
    return border.nextafter(torch.zeros_like(border))
