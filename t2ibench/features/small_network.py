"""What the small judges that come with the package share: how they see pictures, and the block they are built of."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

BYTE_HALF: Final = 127.5


def prepare(pixels: Tensor, side: int) -> Tensor:
    """Return float32 pictures N x 3 x side x side in [-1, 1] of uint8 pictures N x 3 x H x W, H and W being any.

    Bilinear with antialiasing, on float values: a picture of `side` pixels stays as it is.
    """
    pictures = pixels.to(torch.float32)
    if pictures.shape[-2:] != (side, side):
        pictures = functional.interpolate(pictures, size=(side, side), mode="bilinear", antialias=True)
    return pictures / BYTE_HALF - 1


def convolution_block(before: int, after: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Return a convolution without bias, its batch norm and ReLU; the side is kept, but for the stride."""
    convolution = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())
