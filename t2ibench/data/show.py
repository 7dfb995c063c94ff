"""One image of a data set with all that is known of it: box, crops, captions, words."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from t2ibench.data.batches.transforms import base_resolution, bird_crop, central_square
from t2ibench.data.images import read_base, read_image
from t2ibench.data.manifest import ImageEntry, Manifest
from t2ibench.text.tokenizer import tokenize

HEIGHT: Final = 320
"""Both images are drawn this high."""
_GAP: Final = 12
_LETTERS: Final = 6.6
"""Width of an average letter of the font in pixels, for breaking lines."""
_BOX, _CROP, _PAPER, _INK = "#ffd500", "#00c8ff", "#ffffff", "#1a1a1a"


def describe_image(manifest: Manifest, image: ImageEntry) -> str:
    """Return the facts of an image in lines; words that the vocabulary does not know stand in parentheses.

    Below each caption stand its words as the encoder is given them.
    """
    known = set(manifest.vocabulary)
    lines = [f"{image.id} ({manifest.name}, {image.split})", f"file   {manifest.path(image)}"]
    if image.class_id is not None:
        lines.append(f"class  {image.class_id}")
    width, height = read_image(manifest, image).size
    lines.append(f"size   {width} x {height}")
    if image.box is not None:
        lines.append(f"box    x, y, width, height = {', '.join(map(str, image.box))}")
        lines.append(f"crop   left, top, right, bottom = {', '.join(map(str, bird_crop(image.box, width, height)))}")
    for index, caption in enumerate(image.captions):
        words = " ".join(word if word in known else f"({word})" for word in tokenize(caption))
        lines += [f"#{index}  {caption}", f"    {words}"]
    return "\n".join(lines)


def draw_image(manifest: Manifest, image: ImageEntry, resolution: int = 256) -> Image.Image:
    """Return a sheet: the file with its box (yellow) and crop (blue), the evaluation crop, the captions below.

    Raises:
        UserError: the file is missing or damaged.
    """
    square = central_square(read_base(manifest, image, resolution), resolution).resize(
        (HEIGHT, HEIGHT), Image.Resampling.BILINEAR
    )
    whole = _marked(read_image(manifest, image), image)  # after the crop, whose error is a sentence
    width = whole.width + square.width + 3 * _GAP
    lines = _text(manifest, image, resolution, width)
    font = ImageFont.load_default(13)
    step = 17
    sheet = Image.new("RGB", (width, HEIGHT + 3 * _GAP + step * len(lines)), _PAPER)
    sheet.paste(whole, (_GAP, _GAP))
    sheet.paste(square, (whole.width + 2 * _GAP, _GAP))
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        draw.text((_GAP, HEIGHT + 2 * _GAP + number * step), line, fill=_INK, font=font)
    return sheet


def _marked(opened: Image.Image, image: ImageEntry) -> Image.Image:
    scale = HEIGHT / opened.height
    shown = opened.resize((max(1, round(opened.width * scale)), HEIGHT), Image.Resampling.BILINEAR)
    if image.box is not None:
        x, y, width, height = image.box
        draw = ImageDraw.Draw(shown)
        draw.rectangle(_scaled((x, y, x + width, y + height), scale), outline=_BOX, width=2)
        draw.rectangle(_scaled(bird_crop(image.box, *opened.size), scale), outline=_CROP, width=2)
    return shown


def _scaled(corners: Sequence[int], scale: float) -> tuple[float, float, float, float]:
    left, top, right, bottom = (corner * scale for corner in corners)
    return (left, top, max(left, right - 1), max(top, bottom - 1))


def _text(manifest: Manifest, image: ImageEntry, resolution: int, width: int) -> list[str]:
    kind = f", class {image.class_id}" if image.class_id is not None else ""
    base = base_resolution(resolution, whole=manifest.whole)
    marks = ", box yellow, crop blue" if image.box else ""
    lines = [
        f"{image.id} ({manifest.name}, {image.split}{kind})",
        f"Left: file{marks}. Right: central {resolution} of {base} pixels.",
    ]
    letters = max(20, int((width - 2 * _GAP) / _LETTERS))
    for index, caption in enumerate(image.captions):
        lines += textwrap.wrap(f"#{index} {caption}", letters, subsequent_indent="     ")
    return lines
