"""The box that a user asks for, and images with a box drawn on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from PIL import ImageDraw
from torch import Tensor

from t2ibench.core.errors import UserError
from t2ibench.models.conditions import Conditions
from t2ibench.sampling.montage import Tile, image_tile

_FRAME: Final = (255, 214, 0)


def parse_box(text: str) -> tuple[float, ...]:
    """Return (x, y, width, height) of "x,y,width,height", fractions of the image's side.

    Raises:
        UserError: it is not four numbers.
    """
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != 4:
        raise UserError(
            f"--box {text!r} is not x,y,width,height in fractions of the side, as in --box 0.1,0.2,0.5,0.5."
        )
    return numbers


def conditions_of(box: Sequence[float] | None, count: int) -> Conditions:
    """Return the conditions of `count` images with one box, or with none.

    Raises:
        UserError: the box does not lie in the image.
    """
    return Conditions() if box is None else Conditions(boxes=torch.tensor([tuple(box)] * count))


def framed_tile(image: Tensor, box: Tensor) -> Tile:
    """Return the tile of an image, 3 x H x W in [-1, 1], with its box, (x, y, width, height) in fractions, framed."""
    tile = image_tile(image)
    width, height = tile.image.size
    x, y, across, down = box.tolist()
    corners = (x * width, y * height, (x + across) * width - 1, (y + down) * height - 1)
    ImageDraw.Draw(tile.image).rectangle(corners, outline=_FRAME)
    return tile
