"""The network that finds a simulated bird's parts: down to 8 x 8 and up again, a part a pixel."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_simulations.networks.small_network import convolution_block
from t2ibench_simulations.simbirds.attributes import PARTS

SIDE: Final = 64
"""Pixels a side that the network sees."""
_WIDTHS: Final = (16, 24, 40, 64)


class PartNetwork(nn.Module):
    """Convolutions at 64, 32, 16 and 8 pixels a side, and what was seen at each added on the way up.

    Source: Ronneberger et al., U-Net, 2015, with sums in place of joins and a fortieth of the width.
    """

    def __init__(self) -> None:
        super().__init__()
        before = (3, *_WIDTHS[:-1])
        self.down = nn.ModuleList(
            nn.Sequential(convolution_block(last, width, stride=1 if at == 0 else 2), convolution_block(width, width))
            for at, (last, width) in enumerate(zip(before, _WIDTHS, strict=True))
        )
        self.up = nn.ModuleList(convolution_block(coarse, fine) for fine, coarse in pairwise(_WIDTHS))
        self.parts = nn.Conv2d(_WIDTHS[0], 1 + len(PARTS), 1)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits N x 10 x 64 x 64 of images N x 3 x 64 x 64 in [-1, 1]: no part, then PARTS in order."""
        seen = []
        for block in self.down:
            images = block(images)
            seen.append(images)
        found = seen.pop()
        for block in reversed(self.up):
            found = seen.pop() + functional.interpolate(block(found), scale_factor=2.0, mode="nearest")
        logits: Tensor = self.parts(torch.relu(found))
        return logits
