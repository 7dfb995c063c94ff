"""Coverage: the share of real images that have a generated one in their neighbourhood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.pairs.balls import ReferenceBalls, ReferenceShare
from t2ibench.metrics.pairs.neighbours import Nearest, open_reach
from t2ibench.metrics.pairs.one_pass import Side, after_the_pass
from t2ibench.metrics.pairs.tiles import Points, Tile

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


class Visitors(ReferenceBalls):
    """How many images lie in each ball of the reference; `counts` is int64 M x parts, by the images' part."""

    counts: Tensor
    _reach: Tensor
    _part: Tensor

    def __init__(self, neighbour: int, parts: list[np.ndarray]) -> None:
        super().__init__(neighbour)
        self._parts = parts

    @property
    def sizes(self) -> list[int]:
        """Images of each part; of all as one where there are none."""
        return self._part.bincount(minlength=self.counts.shape[1]).tolist()

    @property
    def has_parts(self) -> bool:
        """Whether images were dealt out into parts."""
        return bool(self._parts)

    def begin_across(self, images: Points, reference: Points, nearest: Mapping[Side, Nearest]) -> None:
        """Draw the balls."""
        import torch

        self._reach = open_reach(nearest["reference"].radii(self._neighbour))
        self._part = torch.zeros(len(images), dtype=torch.int64, device=self._reach.device)
        for at, out in enumerate(self._parts):
            self._part[torch.from_numpy(out)] = at
        self.counts = self._part.new_zeros(len(reference), max(len(self._parts), 1))

    def read_across(self, tile: Tile) -> None:
        """Count images in balls."""
        row, column = (tile.distances <= self._reach[tile.columns]).nonzero(as_tuple=True)
        counts = self.counts[tile.columns]
        cells = column * counts.shape[1] + self._part[tile.rows][row]
        counts += cells.bincount(minlength=counts.numel()).view_as(counts)


class Coverage(ReferenceShare):
    """Share of reference images whose ball, reaching to the fifth neighbour, holds an image.

    Source: Naeem et al., Reliable Fidelity and Diversity Metrics, 2020, equation 6, k = 5. Balls are open, as in the
    authors' code. It grows with the number of images: compare equal n only.

    Args:
        neighbour: k, which of a reference image's nearest others sets its radius.
    """

    name = "coverage"
    version = 1
    title = "Coverage"

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> Visitors:
        """Return what counts the images in balls."""
        return Visitors(self.neighbour, parts)

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the share, and the share with each of the `jackknife_parts` left out.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        reader = after_the_pass(self, given)
        visitors = reader.counts.sum(dim=1)
        left_out = (visitors[:, None] > reader.counts).double().mean(dim=0).tolist()
        return float((visitors > 0).double().mean()), left_out if reader.has_parts else []
