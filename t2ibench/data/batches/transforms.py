"""Geometry of the image pipeline: the bird's crop, the working size, the random and the central square.

The same in AttnGAN, DM-GAN, StackGAN-v2 and DF-GAN; images are PIL images here, tensors are made in `batches`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.data.manifest import Box

MARGIN: Final = (76, 64)
"""Images are resized to 76/64 of the crop's side first, so that the crop has room to move."""


def bird_crop(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the crop (left, top, right, bottom) around an object's box, as PIL takes it.

    A square of side 2 * int(0.75 * longer side of the box) around the box's centre, cut at the image's borders, where
    it is therefore not square.

    Args:
        box: (x, y, width, height) in pixels.
        width: of the image in pixels.
        height: of the image in pixels.

    Raises:
        ValueError: nothing of the crop lies in the image.

    Source: the official data loaders (one code in all of them).
    """
    x, y, box_width, box_height = box
    radius = int(0.75 * max(box_width, box_height))
    # Official code truncates towards zero (int), which differs from // for a centre left of the image.
    centre_x = int((2 * x + box_width) / 2)
    centre_y = int((2 * y + box_height) / 2)
    left, top = max(0, centre_x - radius), max(0, centre_y - radius)
    right, bottom = min(width, centre_x + radius), min(height, centre_y + radius)
    if left >= right or top >= bottom:
        raise ValueError(f"the box {box} leaves nothing of an image of {width} x {height} pixels")
    return (left, top, right, bottom)


def base_resolution(resolution: int, *, whole: bool = False) -> int:
    """Return the working size for crops of `resolution` pixels: int(side * 76 / 64); 64 -> 76, 256 -> 304, 299 -> 355.

    `whole`: `resolution` itself, of images that are not cropped.
    """
    return resolution if whole else resolution * MARGIN[0] // MARGIN[1]


def resize_shorter(image: Image.Image, resolution: int) -> Image.Image:
    """Return the image resized so that its shorter side has `resolution` pixels, aspect kept (the longer truncated).

    PIL's bilinear filter, which averages when it shrinks; torchvision's `Resize(resolution)` does the same.
    """
    width, height = image.size
    size = (
        (resolution, int(resolution * height / width))
        if width < height
        else (int(resolution * width / height), resolution)
    )
    return image if size == image.size else image.resize(size, Image.Resampling.BILINEAR)


def base_image(image: Image.Image, box: Box | None, resolution: int, *, whole: bool = False) -> Image.Image:
    """Return the image cropped around its box (if it has one) and resized for crops of `resolution` pixels.

    `whole`: without room for the crop to move, so that of a square image nothing is lost.

    Raises:
        ValueError: as `bird_crop`.
    """
    if box is not None:
        image = image.crop(bird_crop(box, *image.size))
    return resize_shorter(image, base_resolution(resolution, whole=whole))


def central_square(image: Image.Image, resolution: int) -> Image.Image:
    """Return the central `resolution` x `resolution` pixels, as torchvision's CenterCrop places them."""
    width, height = image.size
    left, top = round((width - resolution) / 2.0), round((height - resolution) / 2.0)
    return image.crop((left, top, left + resolution, top + resolution))


def pyramid(pixels: Tensor, resolutions: tuple[int, ...]) -> dict[int, Tensor]:
    """Return the images at every side asked for, side -> float32 N x 3 x resolution x resolution in [-1, 1].

    Smaller levels are made from the uint8 crop by torch's uint8 bilinear filter with antialiasing. Where a side is a
    power of two times another, as in all official configurations, that equals what the official code does with PIL to
    the bit; otherwise about one value in a hundred differs by 1 or 2 of 255.

    Args:
        pixels: uint8 crops, N x 3 x S x S, S being the largest of `resolutions`.
        resolutions: ascending.
    """
    from torch.nn.functional import interpolate

    levels = {}
    for resolution in resolutions:
        level = pixels
        if resolution != pixels.shape[-1]:
            level = interpolate(pixels, size=(resolution, resolution), mode="bilinear", antialias=True)
        levels[resolution] = _floats(level)
    return levels


def _floats(pixels: Tensor) -> Tensor:
    """Return uint8 images as float32 in [-1, 1], a plane after another.

    numpy, not torch: torch would share so small a work among its threads, which on a busy machine wait for each other
    ten times longer than the work takes.
    """
    import torch

    values = np.divide(np.ascontiguousarray(pixels.numpy()), np.float32(127.5), dtype=np.float32)
    values -= np.float32(1)
    return torch.from_numpy(values)
