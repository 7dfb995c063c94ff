"""The ways in which the field's scripts bring images to 299 pixels. FID and IS move with the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def resized_by_pil(pixels: Tensor, resolution: int) -> Tensor:
    """Return uint8 images, N x 3 x resolution x resolution, by Pillow's bilinear filter: smoothed when shrunk, rounded.

    That is torchvision's Resize on a Pillow image, and scipy's old imresize of 8-bit images.

    Args:
        pixels: uint8, N x 3 x H x W.
        resolution: in pixels.
    """
    import numpy as np
    import torch
    from PIL import Image

    rows = pixels.permute(0, 2, 3, 1).cpu().numpy()
    made = [
        np.asarray(Image.fromarray(row).resize((resolution, resolution), Image.Resampling.BILINEAR)) for row in rows
    ]
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
