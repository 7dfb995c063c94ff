"""Sums of a kernel over pairs of images: what every squared maximum mean discrepancy (MMD) is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from t2ibench.metrics.pairs.one_pass import PairReader, Side, read_pairs
from t2ibench.metrics.pairs.tiles import Tile

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Kernel = Callable[[Tile], "Tensor"]
"""Values of a tile's pairs, float64 h x w; 0 for an image and itself."""
Subsets = Sequence[tuple[np.ndarray, np.ndarray]]
"""(rows of features, rows of reference), int arrays."""
_SIDES: tuple[Side, Side] = ("images", "reference")


def polynomial_kernel(degree: int = 3, gamma: float | None = None, offset: float = 1.0) -> Kernel:
    """Return (gamma x . y + offset)^degree; gamma None is 1/d. Source: Bińkowski et al. 2018, section 4."""
    return lambda tile: tile.polynomial(degree, gamma, offset)


def gaussian_kernel(sigma: float = 10.0) -> Kernel:
    """Return exp(-|x - y|^2 / (2 sigma^2))."""
    return lambda tile: tile.distances.div(-2 * sigma**2).exp_()


class KernelSums(PairReader):
    """Sums of the kernel over all images, over each part of them, and over subsets of both sides.

    A subset's sum is a product of the kernel with the subset's indicator on either side, so a value of the kernel is
    computed once, however many subsets its pair lies in.

    Args:
        sizes: numbers of images and of reference images, n and m.
        kernel: what is summed.
        parts: bool n each, no two of which overlap.
        subsets: what the subsets hold.
        diagonal: whether pairs of an image with itself count, each as 1 (biased, at least 0), or not (unbiased).
    """

    within = True

    def __init__(
        self,
        sizes: tuple[int, int],
        kernel: Kernel,
        parts: Sequence[np.ndarray] = (),
        subsets: Subsets = (),
        *,
        diagonal: bool = False,
    ) -> None:
        import torch

        self._sizes = sizes
        self._kernel = kernel
        self._diagonal = diagonal
        self._part_sizes = [int(out.sum()) for out in parts]
        self._subset_sizes = [(len(rows), len(others)) for rows, others in subsets]
        columns = (1 + len(parts) + len(subsets), 1 + len(subsets))
        belongs = {side: np.zeros((size, width)) for side, size, width in zip(_SIDES, sizes, columns, strict=True)}
        for side in _SIDES:
            belongs[side][:, 0] = 1
        for at, out in enumerate(parts, start=1):
            belongs["images"][out, at] = 1
        for at, (rows, others) in enumerate(subsets):
            belongs["images"][rows, 1 + len(parts) + at] = 1
            belongs["reference"][others, 1 + at] = 1
        self._belongs = {side: torch.from_numpy(which) for side, which in belongs.items()}
        self._within = {side: torch.zeros(which.shape[1]).double() for side, which in self._belongs.items()}
        self._rows = torch.zeros(sizes[0]).double()  # of an image with all other images
        self._cross_rows = torch.zeros(sizes[0]).double()  # of an image with the reference
        self._across = torch.zeros(len(subsets)).double()

    def read_within(self, side: Side, tile: Tile) -> None:
        """Add pairs within a side; both orders count."""
        kernel = self._kernel(tile)
        which = self._belongs[side].to(kernel.device)
        sums = kernel @ which[tile.columns]
        whole = (which[tile.rows] * sums).sum(dim=0)
        self._within[side] += (whole if tile.diagonal else 2 * whole).cpu()
        if side == "images":
            self._rows[tile.rows] += sums[:, 0].cpu()
            if not tile.diagonal:
                self._rows[tile.columns] += kernel.sum(dim=0).cpu()

    def read_across(self, tile: Tile) -> None:
        """Add pairs of an image and a reference image."""
        kernel = self._kernel(tile)
        sums = kernel @ self._belongs["reference"][tile.columns].to(kernel.device)
        self._cross_rows[tile.rows] += sums[:, 0].cpu()
        mine = self._belongs["images"][tile.rows, 1 + len(self._part_sizes) :].to(kernel.device)
        self._across += (mine * sums[:, 1:]).sum(dim=0).cpu()

    def whole(self) -> float:
        """Return the squared MMD of everything."""
        return self._mmd2(float(self._rows.sum()), self._fixed, float(self._cross_rows.sum()), *self._sizes)

    def left_out(self) -> list[float]:
        """Return it without each of the parts."""
        n, m = self._sizes
        pairs, cross = float(self._rows.sum()), float(self._cross_rows.sum())
        values = []
        for at, size in enumerate(self._part_sizes, start=1):
            out = self._belongs["images"][:, at]
            lost = 2 * float(out @ self._rows) - float(self._within["images"][at])
            values.append(self._mmd2(pairs - lost, self._fixed, cross - float(out @ self._cross_rows), n - size, m))
        return values

    def over_subsets(self) -> np.ndarray:
        """Return float64, it on every subset, as torch-fidelity and clean-fid take them."""
        first, second = self._within["images"][1 + len(self._part_sizes) :], self._within["reference"][1:]
        sums = zip(first.tolist(), second.tolist(), self._across.tolist(), self._subset_sizes, strict=True)
        return np.array([self._mmd2(one, self._mean(other, m), cross, n, m) for one, other, cross, (n, m) in sums])

    @property
    def _fixed(self) -> float:
        return self._mean(float(self._within["reference"][0]), self._sizes[1])

    def _mean(self, pairs: float, n: int) -> float:
        return (pairs + n) / n**2 if self._diagonal else pairs / (n * (n - 1))

    def _mmd2(self, pairs: float, fixed: float, cross: float, n: int, m: int) -> float:
        """Return the estimate from sums over pairs of images and of both sides, and the mean over the reference's.

        Source: Gretton et al., A Kernel Two-Sample Test, 2012, equations 3 and 5.
        """
        return self._mean(pairs, n) + fixed - 2 * cross / (n * m)


def kernel_sums(
    features: np.ndarray,
    reference: np.ndarray,
    kernel: Kernel,
    parts: Sequence[np.ndarray] = (),
    subsets: Subsets = (),
    *,
    diagonal: bool = False,
    device: str | torch.device = "cpu",
) -> KernelSums:
    """Return the sums over float n x d and m x d, from a pass of their own; the rest as for `KernelSums`."""
    sums = KernelSums((len(features), len(reference)), kernel, parts, subsets, diagonal=diagonal)
    read_pairs(features, reference, [sums], device=device)
    return sums
