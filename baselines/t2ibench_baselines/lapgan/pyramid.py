"""The Laplacian pyramid: halving, enlarging, and what is lost between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor
from torch.nn import functional as F


def halved(images: Tensor) -> Tensor:
    """Return N x C x S/2 x S/2, the mean of every four pixels."""
    return F.avg_pool2d(images, 2)


def enlarged(images: Tensor) -> Tensor:
    """Return N x C x 2S x 2S, bilinear between aligned corners, as the official code's image.scale enlarges."""
    resolution = 2 * images.shape[-1]
    return F.interpolate(images, size=(resolution, resolution), mode="bilinear", align_corners=True)


def pyramid(images: Tensor, levels: int) -> Sequence[tuple[Tensor, Tensor | None]]:
    """Return (image, its coarse version of the same side) a level, ascending; the first has no coarse version.

    An image is its coarse version plus a residual, so a residual added to it gives the image back.
    """
    images_of = [images]
    for _ in range(levels - 1):
        images_of.insert(0, halved(images_of[0]))
    return [
        (images_of[0], None),
        *((fine, enlarged(small)) for small, fine in pairwise(images_of)),
    ]
