"""Showing how an image was drawn: the canvas step by step, where it wrote, which words it read; and as a GIF."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from t2ibench.core.types import Drawing
from t2ibench.sampling.montage import Section, Tile, image_tile, sheet

_BOX: Final = (255, 90, 30)
_CELL: Final = (26, 20)
_WORDS: Final = 90
"""Pixels for the words beside the map."""
_CLEAR: Final = 1.5
"""A step reads a word more than the others where its weight is more than this many times that of even reading."""
_ALIKE: Final = "all words alike"
_FRAME_MILLISECONDS: Final = 160
_LAST_MILLISECONDS: Final = 2000


@dataclass(frozen=True, slots=True)
class FilmRow:
    """A caption's images in a film: one drawing a sample, and the finished images, N x 3 x H x W in [-1, 1]."""

    caption: str
    drawing: Drawing
    images: Tensor


def legend(drawing: Drawing, index: int) -> str:
    """Return what the tiles of `step_tiles` show, in words.

    Args:
        drawing: of a batch.
        index: which of the batch.
    """
    frame = "the frame is where it wrote"
    if drawing.weights is None:
        return frame
    if not any(_word_read(drawing, index, step) for step in range(drawing.canvases.shape[1])):
        return f"{frame}; it read {_ALIKE} at every step"
    return f"{frame}, the word the one it read most, where one has {_CLEAR} times the weight of even reading"


def step_tiles(drawing: Drawing, index: int) -> tuple[Tile, ...]:
    """Return a tile a step: the canvas after it, a frame where it wrote, and the word it read clearly most, if any.

    Args:
        drawing: of a batch.
        index: which of the batch.
    """
    return tuple(_step_tile(drawing, index, step) for step in range(drawing.canvases.shape[1]))


def alignment_tile(drawing: Drawing, index: int) -> Tile | None:
    """Return a map of words (down) by steps (across), bright where a step read a word; None without word attention.

    Black is 0 and white the largest weight on the map, which the label gives beside that of even reading.
    """
    if drawing.weights is None:
        return None
    words = drawing.words[index]
    weights = drawing.weights[index, :, : len(words)].float().cpu()  # S x T
    largest, steps = float(weights.max()), len(weights)
    width, height = _CELL
    image = Image.new("RGB", (_WORDS + steps * width, (len(words) + 1) * height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(13)
    for row, word in enumerate(words):
        draw.text((2, (row + 1) * height + 2), word, font=font, fill=(20, 20, 20))
        for step in range(steps):
            level = round(255 * float(weights[step, row]) / largest)
            corner = (_WORDS + step * width, (row + 1) * height)
            draw.rectangle((*corner, corner[0] + width - 2, corner[1] + height - 2), fill=(level, level, level))
    for step in range(steps):
        draw.text((_WORDS + step * width + 4, 2), str(step + 1), font=font, fill=(110, 110, 110))
    return Tile(image, f"words by steps; white = {largest:.1%}, {_ALIKE} = {1 / max(len(words), 1):.1%}")


def film(rows: Sequence[FilmRow]) -> bytes:
    """Return an animated GIF: a frame a step with the canvases of all captions, then the finished images."""
    steps = rows[0].drawing.canvases.shape[1]
    tiles = [
        [tuple(_step_tile(row.drawing, index, step) for index in range(len(row.images))) for row in rows]
        for step in range(steps)
    ]
    tiles.append([tuple(image_tile(image, "finished") for image in row.images) for row in rows])
    captions = [row.caption for row in rows]
    frames = [
        sheet([Section(caption, row, caption=True) for caption, row in zip(captions, step, strict=True)])
        for step in tiles
    ]
    buffer = io.BytesIO()
    times = [_FRAME_MILLISECONDS] * steps + [_LAST_MILLISECONDS]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0)
    return buffer.getvalue()


def _step_tile(drawing: Drawing, index: int, step: int) -> Tile:
    """Return the canvas enlarged, with the written window's frame."""
    canvas = drawing.canvases[index, step]
    label = f"{step + 1}"
    if drawing.weights is not None:
        label += f" {_word_read(drawing, index, step) or _ALIKE}"
    tile = image_tile(canvas, label)
    factor = tile.image.width / canvas.shape[-1]
    left, top, right, bottom = ((float(edge) + 0.5) * factor for edge in drawing.boxes[index, step])
    if min(right - left, bottom - top) >= 0:
        ImageDraw.Draw(tile.image).rectangle((left, top, right, bottom), outline=_BOX)
    return tile


def _word_read(drawing: Drawing, index: int, step: int) -> str:
    """Return the word that a step read more than the others; "" where it read them about alike.

    The largest of nearly equal weights says nothing, and it would change with the last digit.
    """
    if drawing.weights is None:
        return ""
    words = drawing.words[index]
    weights = drawing.weights[index, step, : len(words)]
    place = int(weights.argmax())
    clear = len(words) == 1 or float(weights[place]) > _CLEAR / len(words)
    return words[place] if clear else ""
