"""SimParts: where the parts of a simulated bird are in an image, and how many heads it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from t2ibench.features.context import chunks
from t2ibench_simulations.networks.packaged import PackagedExtractor
from t2ibench_simulations.simbirds.attributes import PARTS

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench_simulations.networks.simparts.network import PartNetwork

_HEAD: Final = tuple(PARTS.index(part) + 1 for part in ("crown", "head", "bill"))
_LEAST: Final = 8
"""Pixels, of 64 x 64, that a piece of head has at least; smaller ones are specks."""


class SimParts(PackagedExtractor):
    """Finds the part that each pixel shows; the layer "heads" counts the pieces of head, bill and crown together."""

    title = "SimParts"
    weights = Path(__file__).with_name("weights.safetensors")
    _network: PartNetwork
    layers: Mapping[str, int] = MappingProxyType({"heads": 1})

    @classmethod
    def _build(cls) -> Any:
        import torch

        from t2ibench_simulations.networks.simparts.network import PartNetwork

        return PartNetwork().to(memory_format=torch.channels_last)

    def parts(self, pixels: Tensor) -> Tensor:
        """Return, uint8 N x 64 x 64 on the CPU, the place in PARTS of what each pixel shows plus 1, 0 for no part.

        Args:
            pixels: uint8, N x 3 x H x W of any size; 64 x 64 is what the network sees.
        """
        import torch

        return torch.cat([self._answer(part).argmax(1).to(torch.uint8).cpu() for part in chunks(pixels)])

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "heads", float32 N x 1. Arguments as `parts`."""
        import torch

        counts = [heads_in(numbers) for numbers in self.parts(pixels).numpy()]
        return {"heads": torch.tensor(counts, dtype=torch.float32)[:, None]}


def heads_in(numbers: np.ndarray) -> int:
    """Return how many heads a map of parts has: pieces of crown, head and bill that touch, corners too.

    Args:
        numbers: int H x W, places in PARTS plus 1.
    """
    from scipy.ndimage import label

    pieces, _ = label(np.isin(numbers, _HEAD), structure=np.ones((3, 3)))
    return int((np.bincount(pieces.ravel())[1:] >= _LEAST).sum())
