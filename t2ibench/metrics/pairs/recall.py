"""Improved recall: the share of real images that look like some generated one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.pairs.balls import ReferenceShare
from t2ibench.metrics.pairs.neighbours import Nearest, closed_reach
from t2ibench.metrics.pairs.one_pass import PairReader, Side, after_the_pass
from t2ibench.metrics.pairs.tiles import Points, Tile

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

SPARE: Final = 8
"""Neighbours kept beyond the one that sets a radius, to stand in for those that the jackknife leaves out."""


class _Found(PairReader):
    """Which reference images lie in a ball of the images; `found` is bool (1 + parts) x M, first with all images."""

    found: Tensor
    _reach: Tensor  # (1 + parts) x N; -1 who is left out
    _furthest: Tensor

    def __init__(self, neighbour: int, parts: list[np.ndarray]) -> None:
        self._neighbour = neighbour
        self._parts = parts
        self.nearest = {"images": neighbour + (SPARE if parts else 0)}

    def begin_across(self, images: Points, reference: Points, nearest: Mapping[Side, Nearest]) -> None:
        import torch

        near = nearest["images"]
        outs = [torch.from_numpy(out).to(images.rows.device) for out in self._parts]
        radii = [near.radii(self._neighbour), *(near.radii_without(self._neighbour, out) for out in outs)]
        self._reach = closed_reach(torch.stack(radii))
        self._furthest = self._reach.amax(dim=0)
        self.found = self._reach.new_zeros(len(radii), len(reference), dtype=torch.bool)

    def read_across(self, tile: Tile) -> None:
        # Most pairs lie in no ball at all, whoever is left out.
        row, column = (tile.distances <= self._furthest[tile.rows, None]).nonzero(as_tuple=True)
        near = tile.distances[row, column]
        for found, reach in zip(self.found[:, tile.columns], self._reach[:, tile.rows], strict=True):
            found[column[near <= reach[row]]] = True


class Recall(ReferenceShare):
    """Share of reference images inside the ball of at least one image, which reaches to its third neighbour.

    Source: Kynkäänniemi et al., Improved Precision and Recall Metric, 2019, equations 1 and 2; theirs is on VGG-16
    features. Agrees with torch-fidelity's PRC on the same features. One outlier among the images has a ball that may
    hold much of the reference; coverage has not that weakness.

    Args:
        neighbour: which of an image's nearest others sets its radius.
    """

    name = "recall"
    version = 1
    title = "Recall"

    def __init__(self, *, neighbour: int = 3) -> None:
        super().__init__(neighbour=neighbour)

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> _Found:
        """Return what finds the reference images that lie in a ball, radii without each part included."""
        return _Found(self.neighbour, [out for out in parts if int((~out).sum()) > self.neighbour])

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the share, and the share with each of the `jackknife_parts` left out, radii taken anew.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        shares = after_the_pass(self, given).found.double().mean(dim=1).tolist()
        return shares[0], shares[1:]
