"""Laying out images and attention maps with labels, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F

from t2ibench.core.types import AttentionMap
from t2ibench.training.tracking.sample_images import to_image, to_pixels

_MARGIN: Final = 12
_GAP: Final = 6
_LABEL: Final = 18
_MAP: Final = 112
"""Side of an attention map on the sheet, in pixels."""
_SMALLEST: Final = 128
"""Smaller images are enlarged to this side, without smoothing, so that their pixels can be seen."""
_COLUMNS: Final = 8
_INK: Final = (20, 20, 20)
_FAINT: Final = (110, 110, 110)
_GLOW: Final = (1.0, 0.92, 0.55)


@dataclass(frozen=True, slots=True)
class Tile:
    """An image with a line of text under it."""

    image: Image.Image
    label: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Tiles under a heading; they flow into as many rows as needed."""

    heading: str
    tiles: tuple[Tile, ...]
    caption: bool = False
    """Whether the heading is a caption, which is set larger."""


def image_tile(image: Tensor, label: str = "") -> Tile:
    """Return the tile of a float image 3 x H x W in [-1, 1]."""
    shown = to_image(to_pixels(image[None])[0])
    factor = max(1, _SMALLEST // shown.width)
    return Tile(shown.resize((shown.width * factor, shown.height * factor), Image.Resampling.NEAREST), label)


def attention_tiles(image: Tensor, attention: AttentionMap, index: int) -> tuple[Tile, ...]:
    """Return a tile a word: the image darkened, and lit where the stage looked for the word.

    Each word's own range is stretched from dark to bright, so its highest place is the brightest; the label gives that
    range in per cent, since a stretched map of even attention looks like one of strong attention.

    Args:
        image: float, 3 x H x W in [-1, 1]: the image the stage led to.
        attention: of a batch.
        index: which of the batch.
    """
    ground = _resized(((image.float().cpu() + 1) / 2).clamp(0, 1)[None])  # 1 x 3 x m x m
    glow = torch.tensor(_GLOW).view(1, 3, 1, 1)
    tiles = []
    for place, word in enumerate(attention.words[index]):
        weights = attention.weights[index, place].float().cpu()  # h x w
        low, high = float(weights.min()), float(weights.max())
        shape = (weights - low) / (high - low) if high > low else torch.zeros_like(weights)
        light = _resized(shape[None, None]).clamp(0, 1)  # 1 x 1 x m x m
        lit = 0.35 * ground * (1 - light) + light * (0.35 * ground + 0.65 * glow)
        tiles.append(Tile(to_image(to_pixels(lit * 2 - 1)[0]), f"{word}  {100 * low:.0f}-{100 * high:.0f}%"))
    return tuple(tiles)


def sheet(sections: Sequence[Section]) -> Image.Image:
    """Return all sections one below the other on white."""
    small, large = ImageFont.load_default(13), ImageFont.load_default(17)
    rows = [(section, _rows(section.tiles)) for section in sections]
    width = max((_row_width(row) for _, lines in rows for row in lines), default=_MAP)
    width = max(width, *(int(large.getlength(one.heading)) for one in sections if one.caption), _MAP)
    width = min(width, 2400)
    height = _MARGIN + sum(
        (_LABEL + _GAP) * len(_wrapped(section.heading, large if section.caption else small, width))
        + sum(_row_height(row) for row in lines)
        for section, lines in rows
    )
    page = Image.new("RGB", (width + 2 * _MARGIN, height + _MARGIN), "white")
    draw = ImageDraw.Draw(page)
    top = _MARGIN
    for section, lines in rows:
        font = large if section.caption else small
        for line in _wrapped(section.heading, font, width):
            draw.text((_MARGIN, top), line, font=font, fill=_INK if section.caption else _FAINT)
            top += _LABEL + _GAP
        for row in lines:
            left = _MARGIN
            for tile in row:
                page.paste(tile.image, (left, top))
                label = _shortened(tile.label, small, tile.image.width)
                draw.text((left, top + tile.image.height + 2), label, font=small, fill=_INK)
                left += tile.image.width + _GAP
            top += _row_height(row)
    return page


def _resized(planes: Tensor) -> Tensor:
    return F.interpolate(planes, size=(_MAP, _MAP), mode="bilinear", align_corners=False)


def _rows(tiles: Sequence[Tile]) -> list[Sequence[Tile]]:
    return [tiles[start : start + _COLUMNS] for start in range(0, len(tiles), _COLUMNS)]


def _row_width(row: Sequence[Tile]) -> int:
    return sum(tile.image.width + _GAP for tile in row) - _GAP


def _row_height(row: Sequence[Tile]) -> int:
    return max(tile.image.height for tile in row) + _LABEL + _GAP


def _wrapped(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _shortened(text: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
