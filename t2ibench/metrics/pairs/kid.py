"""Kernel Inception Distance: the squared maximum mean discrepancy of two feature sets under a cubic kernel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.intervals import keyed_order
from t2ibench.metrics.pairs.one_pass import PairReader, Side, after_the_pass, read_pairs
from t2ibench.metrics.pairs.tiles import Tile
from t2ibench.metrics.plain import JackknifeMetric

Estimator = Literal["full", "subsets"]
Subsets = Sequence[tuple[np.ndarray, np.ndarray]]
"""(rows of features, rows of reference), int arrays."""


class KernelSums(PairReader):
    """Sums of the kernel over all images, over each part of them, and over subsets of both sides.

    A subset's sum is a product of the kernel with the subset's indicator on either side, so a value of the kernel is
    computed once, however many subsets its pair lies in.

    Args:
        sizes: numbers of images and of reference images, n and m.
        parts: bool n each, no two of which overlap.
        subsets: what the subsets hold.
    """

    within = True

    def __init__(self, sizes: tuple[int, int], parts: Sequence[np.ndarray] = (), subsets: Subsets = ()) -> None:
        import torch

        self._sizes = sizes
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
        which = self._belongs[side].to(tile.kernel.device)
        sums = tile.kernel @ which[tile.columns]
        whole = (which[tile.rows] * sums).sum(dim=0)
        self._within[side] += (whole if tile.diagonal else 2 * whole).cpu()
        if side == "images":
            self._rows[tile.rows] += sums[:, 0].cpu()
            if not tile.diagonal:
                self._rows[tile.columns] += tile.kernel.sum(dim=0).cpu()

    def read_across(self, tile: Tile) -> None:
        """Add pairs of an image and a reference image."""
        device = tile.kernel.device
        sums = tile.kernel @ self._belongs["reference"][tile.columns].to(device)
        self._cross_rows[tile.rows] += sums[:, 0].cpu()
        mine = self._belongs["images"][tile.rows, 1 + len(self._part_sizes) :].to(device)
        self._across += (mine * sums[:, 1:]).sum(dim=0).cpu()

    def whole(self) -> float:
        """Return the unbiased estimate on everything."""
        return _mmd2(float(self._rows.sum()), self._fixed, float(self._cross_rows.sum()), *self._sizes)

    def left_out(self) -> list[float]:
        """Return the estimate without each of the parts."""
        n, m = self._sizes
        pairs, cross = float(self._rows.sum()), float(self._cross_rows.sum())
        values = []
        for at, size in enumerate(self._part_sizes, start=1):
            out = self._belongs["images"][:, at]
            lost = 2 * float(out @ self._rows) - float(self._within["images"][at])
            values.append(_mmd2(pairs - lost, self._fixed, cross - float(out @ self._cross_rows), n - size, m))
        return values

    def over_subsets(self) -> np.ndarray:
        """Return float64, the estimate on every subset."""
        first, second = self._within["images"][1 + len(self._part_sizes) :], self._within["reference"][1:]
        sums = zip(first.tolist(), second.tolist(), self._across.tolist(), self._subset_sizes, strict=True)
        return np.array([_mmd2(one, other / (m * (m - 1)), cross, n, m) for one, other, cross, (n, m) in sums])

    @property
    def _fixed(self) -> float:
        m = self._sizes[1]
        return float(self._within["reference"][0]) / (m * (m - 1))


_SIDES: tuple[Side, Side] = ("images", "reference")


def _mmd2(pairs: float, fixed: float, cross: float, n: int, m: int) -> float:
    """Return the estimate from sums over pairs of images and of both sides, and the mean over pairs of the reference.

    Pairs of an image with itself are left out. Source: Gretton et al., A Kernel Two-Sample Test, 2012, equation 3.
    """
    return pairs / (n * (n - 1)) + fixed - 2 * cross / (n * m)


def unbiased_mmd2(first: np.ndarray, second: np.ndarray) -> float:
    """Return the unbiased estimate of the squared MMD of float n x d and m x d; below 0 now and then."""
    sums = KernelSums((len(first), len(second)))
    read_pairs(first, second, [sums])
    return sums.whole()


def subset_mmd2(
    features: np.ndarray, reference: np.ndarray, subsets: Iterable[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Return float64, the unbiased estimate of every subset, as torch-fidelity and clean-fid take them.

    Args:
        features: float n x d.
        reference: float m x d.
        subsets: (rows of features, rows of reference), int arrays.
    """
    sums = KernelSums((len(features), len(reference)), subsets=list(subsets))
    read_pairs(features, reference, [sums])
    return sums.over_subsets()


class KernelDistance(JackknifeMetric):
    """Unbiased squared MMD on all images of both sides.

    Source: Bińkowski et al. 2018. Differs from torch-fidelity and clean-fid, which average over random subsets of
    1,000: all pairs are used, so nothing is drawn and the value is what their mean tends to. Their form is the option
    `estimator = "subsets"`; its spread stands beside either value. Has no bias in n, unlike FID; may fall below 0.

    Args:
        estimator: "full" for all images; "subsets" for the mean over subsets, drawn by the protocol's seed.
        subsets: how many are drawn; 0 for none (then no spread is given).
        subset_size: images of each side in a subset; as many as there are where there are fewer.
    """

    name = "kid"
    version = 1
    title = "KID"
    higher_is_better = False
    least = -math.inf

    def __init__(self, *, estimator: Estimator = "full", subsets: int = 100, subset_size: int = 1000) -> None:
        if estimator not in get_args(Estimator):
            raise UserError(f"KID's estimator is one of {', '.join(get_args(Estimator))}; found {estimator!r}.")
        if subsets < (1 if estimator == "subsets" else 0) or subset_size < 2:
            raise UserError(f"KID needs subsets of 2 images or more; found {subsets} of {subset_size}.")
        self.estimator = estimator
        self.subsets = subsets
        self.subset_size = subset_size

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> KernelSums:
        """Return what sums the kernel, over drawn subsets too."""
        return KernelSums(sizes, parts, _keyed_subsets(*sizes, self.subsets, min(self.subset_size, *sizes), seed))

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the full estimate, and it with each of the `jackknife_parts` left out, from one pass over the kernel.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        sums = after_the_pass(self, given)
        return sums.whole(), sums.left_out()

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the distance with its interval and the std over subsets. Errors as above.

        The interval is centred on the value by shifting the jackknife of the full estimate.
        """
        sums = after_the_pass(self, given)
        value, left_out = self.jackknife(given)
        spread = {}
        if self.subsets:
            size = min(self.subset_size, len(given.features[self.layer]), len(given.reference[self.layer]))
            values = sums.over_subsets()
            spread[f"std over {self.subsets} subsets of {size}"] = float(values.std())
            if self.estimator == "subsets":
                value = float(values.mean())
        return self.with_interval(given, value, left_out, spread=spread)


def _keyed_subsets(n: int, m: int, subsets: int, size: int, seed: int) -> Subsets:
    return [
        (keyed_order(n, seed, "kid", index)[:size], keyed_order(m, seed, "kid reference", index)[:size])
        for index in range(subsets)
    ]
