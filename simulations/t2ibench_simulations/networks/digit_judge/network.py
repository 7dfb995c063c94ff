"""The network that reads a scene of digits: where digits lie, told from the whole; which they are, from each place."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_simulations.mnist_captions.scenes import DIGIT, SIDE
from t2ibench_simulations.mnist_captions.statements import CORNERS, LAYOUTS, PLACES

BYTE: Final = 255.0
MARGIN: Final = 2
"""Pixels around a digit's place that are read too, since scenes move their digits by so many."""

WINDOW: Final = DIGIT + 2 * MARGIN
_COARSE: Final = 15
_GROUPS: Final = 4


class SceneReader(nn.Module):
    """Two small networks: one says how the digits lie, the other what digit is in a window, the same at every place.

    As the windows share their weights, a digit is read at a place where training never showed it as well as elsewhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layout = nn.Sequential(
            nn.Linear(_COARSE * _COARSE, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, len(LAYOUTS))
        )
        self.digit = nn.Sequential(
            _block(1, 24, kernel=5),  # N x 24 x 16 x 16
            _block(24, 48, kernel=3),  # N x 48 x 8 x 8
            _block(48, 64, kernel=3),  # N x 64 x 4 x 4
            nn.Flatten(),
            nn.Linear(64 * 16, 10),
        )

    def forward(self, scenes: Tensor) -> tuple[Tensor, Tensor]:
        """Return (N x 6 logits of the layouts, N x 8 x 10 logits of the digits at each of PLACES).

        Args:
            scenes: float, N x 1 x 60 x 60 in [0, 1], digits white on black.
        """
        coarse = functional.avg_pool2d(scenes, SIDE // _COARSE).flatten(1)  # N x 225
        digits = self.digit(windows(scenes).flatten(0, 1))  # 8N x 10
        return self.layout(coarse), digits.unflatten(0, (len(scenes), len(PLACES)))


def windows(scenes: Tensor) -> Tensor:
    """Return N x 8 x 1 x 32 x 32: the places of scenes N x 1 x 60 x 60, black beyond the image's edge."""
    wide = functional.pad(scenes, [MARGIN] * 4)
    corners = [CORNERS[place] for place in PLACES]
    return torch.stack([wide[:, :, row : row + WINDOW, column : column + WINDOW] for row, column in corners], dim=1)


def prepare(pixels: Tensor) -> Tensor:
    """Return float32 N x 1 x 60 x 60 in [0, 1] of uint8 N x 3 x H x W: the colours' mean; bilinear, antialiased."""
    grey = pixels.to(torch.float32).mean(dim=1, keepdim=True)
    if grey.shape[-2:] != (SIDE, SIDE):
        grey = functional.interpolate(grey, size=(SIDE, SIDE), mode="bilinear", antialias=True)
    return grey / BYTE


def _block(before: int, after: int, *, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.GroupNorm(_GROUPS, after), nn.ReLU())
