"""The ways in which the field's scripts bring pictures to 299 pixels. FID and IS move with the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def resized_by_pil(pixels: Tensor, side: int) -> Tensor:
    """Return uint8 pictures, N x 3 x side x side, by Pillow's bilinear filter: smoothed when shrunk, rounded.

    That is torchvision's Resize on a Pillow picture, and scipy's old imresize of 8-bit pictures.

    Args:
        pixels: uint8, N x 3 x H x W.
        side: in pixels.
    """
    import numpy as np
    import torch
    from PIL import Image

    rows = pixels.permute(0, 2, 3, 1).cpu().numpy()
    made = [np.asarray(Image.fromarray(row).resize((side, side), Image.Resampling.BILINEAR)) for row in rows]
    if not made:
        return pixels.new_zeros((0, 3, side, side))
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).contiguous()


def resized_by_torch(pictures: Tensor, side: int) -> Tensor:
    """Return float pictures, N x 3 x side x side, bilinear between pixel centres, neither smoothed nor rounded.

    That is `interpolate` as pytorch-fid calls it, and torchvision's Resize on a tensor before antialiasing came.

    Args:
        pictures: float, N x 3 x H x W, in any range.
        side: in pixels.
    """
    from torch.nn.functional import interpolate

    return interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False)
