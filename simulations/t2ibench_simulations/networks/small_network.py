"""What the small judges that come with the package share: how they see images, and the block they are built of."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

BYTE_HALF: Final = 127.5


def prepare(pixels: Tensor, resolution: int) -> Tensor:
    """Return float32 images N x 3 x R x R in [-1, 1] of uint8 images N x 3 x H x W, H and W being any.

    Bilinear with antialiasing, on float values: an image of `resolution` pixels stays as it is.
    """
    images = pixels.to(torch.float32)
    if images.shape[-2:] != (resolution, resolution):
        images = functional.interpolate(images, size=(resolution, resolution), mode="bilinear", antialias=True)
    return images / BYTE_HALF - 1


def convolution_block(before: int, after: int, *, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Return a convolution without bias, its batch norm and ReLU; the side is kept, but for the stride."""
    convolution = nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())
