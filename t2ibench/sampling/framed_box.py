"""The box or the keypoints that a user asks for, and images with them drawn on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import torch
from PIL import ImageDraw
from torch import Tensor

from t2ibench.core.errors import UserError, require_known
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


def parse_keypoints(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return part -> (x, y) of texts such as "bill=0.3,0.4".

    Raises:
        UserError: one is not of this form.
    """
    found = {}
    for text in texts:
        name, _, place = text.partition("=")
        try:
            x, y = (float(part) for part in place.split(","))
        except ValueError:
            raise UserError(
                f"--keypoint {text!r} is not part=x,y in fractions of the side, as in bill=0.3,0.4."
            ) from None
        found[name.strip()] = (x, y)
    return found


def conditions_of(
    count: int,
    *,
    box: Sequence[float] | None = None,
    keypoints: Mapping[str, tuple[float, float]] | None = None,
    parts: Sequence[str] = (),
) -> Conditions:
    """Return the conditions of `count` images with one box or some keypoints, or with none.

    Args:
        count: of images.
        box: (x, y, width, height).
        keypoints: part -> (x, y); other parts are not to be seen.
        parts: that the model knows, in their order; without any it is told of keypoints and refuses them.

    Raises:
        UserError: the box or a keypoint does not lie in the image, or a part is not known.
    """
    points = None
    if keypoints:
        if parts:
            require_known("part", parts, *keypoints)
        points = torch.tensor([(*keypoints[part], 1.0) if part in keypoints else (0.0, 0.0, 0.0) for part in parts])
        points = points.expand(count, -1, -1) if parts else torch.zeros(count, 0, 3)
    return Conditions(None if box is None else torch.tensor([tuple(box)] * count), points)


def pinned_tile(image: Tensor, keypoints: Tensor) -> Tile:
    """Return the tile of an image, 3 x H x W in [-1, 1], with a dot at each of K x 3 keypoints that is to be seen."""
    tile = image_tile(image)
    draw = ImageDraw.Draw(tile.image)
    for x, y in (keypoints[keypoints[:, 2] > 0, :2] * tile.image.width).tolist():
        draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill=_FRAME)
    return tile


def framed_tile(image: Tensor, box: Tensor) -> Tile:
    """Return the tile of an image, 3 x H x W in [-1, 1], with its box, (x, y, width, height) in fractions, framed."""
    tile = image_tile(image)
    width, height = tile.image.size
    x, y, across, down = box.tolist()
    corners = (x * width, y * height, (x + across) * width - 1, (y + down) * height - 1)
    ImageDraw.Draw(tile.image).rectangle(corners, outline=_FRAME)
    return tile
