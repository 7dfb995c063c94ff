"""The ways in which the field's scripts bring images to a network's size and range. FID and IS move with the choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    import torch
    from torch import Tensor


IMAGENET: Final = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of ImageNet's images by channel, in [0, 1]."""


def normalised(images: Tensor, by: Sequence[Sequence[float]] = IMAGENET) -> Tensor:
    """Return float images, N x 3 x H x W, less a mean by channel and over a deviation: the two in `by`."""
    mean, deviation = (images.new_tensor(values).view(1, 3, 1, 1) for values in by)
    return (images - mean) / deviation


def resized_by_pil(pixels: Tensor, resolution: int, by: Literal["BILINEAR", "BICUBIC"] = "BILINEAR") -> Tensor:
    """Return uint8 images, N x 3 x resolution x resolution, by a filter of Pillow's: smoothed when shrunk, rounded.

    That is torchvision's Resize on a Pillow image, and scipy's old imresize of 8-bit images.

    Args:
        pixels: uint8, N x 3 x H x W.
        resolution: in pixels.
        by: the filter.
    """
    import torch
    from PIL import Image

    rows = pixels.permute(0, 2, 3, 1).cpu().numpy()
    made = [np.asarray(Image.fromarray(row).resize((resolution, resolution), Image.Resampling[by])) for row in rows]
    if not made:
        return pixels.new_zeros((0, 3, resolution, resolution))
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).contiguous()


def resized_by_torch(images: Tensor, resolution: int) -> Tensor:
    """Return float images, N x 3 x R x R, bilinear between pixel centres, neither smoothed nor rounded.

    That is `interpolate` as pytorch-fid calls it, and torchvision's Resize on a tensor before antialiasing came.

    Args:
        images: float, N x 3 x H x W, in any range.
        resolution: in pixels.
    """
    from torch.nn.functional import interpolate

    return interpolate(images, size=(resolution, resolution), mode="bilinear", align_corners=False)


def resized_by_tensorflow(pixels: Tensor, resolution: int) -> Tensor:
    """Return float32 images, N x 3 x R x R, bilinear from pixels' corners as TensorFlow 1 does it, not smoothed.

    The arithmetic of torch-fidelity's `interpolate_bilinear_2d_like_tensorflow1x`, to the bit, but columns first: each
    row of an image is widened once and not for every row that reads it.

    Args:
        pixels: uint8, N x 3 x H x W.
        resolution: in pixels.
    """
    images = pixels.float()
    for dimension in (3, 2):
        low, high, share = _corners(images.shape[dimension], resolution, images.device)
        first = images.index_select(dimension, low)
        share = share if dimension == 3 else share[:, None]
        images = images.index_select(dimension, high).sub_(first).mul_(share).add_(first)
    return images


def _corners(size: int, resolution: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return, of every pixel made: the pixels before and after it, and its place between them in [0, 1)."""
    import torch

    places = torch.arange(resolution, dtype=torch.float32, device=device) * torch.tensor(size / resolution)
    low = places.long()
    return low, (low + 1).clamp_max(size - 1), places - low.float()


def resized_by_pil_as_floats(pixels: Tensor, resolution: int) -> Tensor:
    """Return float32 images, N x 3 x R x R in [0, 255]: Pillow's bicubic filter on every channel as floats, clipped.

    That is clean-fid's mode "clean", to the bit, without its copies.

    Args:
        pixels: uint8, N x 3 x H x W.
        resolution: in pixels.
    """
    import torch
    from PIL import Image

    made = np.empty((*pixels.shape[:2], resolution, resolution), dtype=np.float32)
    size = (resolution, resolution)
    for image, target in zip(pixels.cpu().contiguous().numpy(), made, strict=True):
        for plane, out in zip(image, target, strict=True):
            floats = Image.fromarray(plane).convert("F").resize(size, Image.Resampling.BICUBIC)
            np.clip(np.asarray(floats), 0, 255, out=out)
    return torch.from_numpy(made)
