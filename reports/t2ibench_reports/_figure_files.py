"""A figure as SVG and as PNG. Both have neither a date nor a name of this machine: equal figures give equal bytes."""

from __future__ import annotations

import io
import math
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from t2ibench_reports._figure import Disc, Figure, Shape, Stroke, Words

if TYPE_CHECKING:
    from PIL.Image import Image

_SCALE: Final = 3
"""Pixels of the PNG a unit of the figure."""
_FINER: Final = 2
"""It is drawn so many times larger and then made smaller, which smooths its edges."""
_SPELLED: Final = {
    "↑": "(higher is better)",
    "↓": "(lower is better)",
    "λ": "lambda",
    "≈": "~",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{EN DASH}": "-",
}
_KNOWN: Final = "·±…"
"""Signs beside ASCII's that Pillow's own font has; other fonts differ from machine to machine."""


def svg(figure: Figure) -> bytes:
    """Return the figure as an SVG document that needs nothing else."""
    size = f'width="{figure.width:g}" height="{figure.height:g}" viewBox="0 0 {figure.width:g} {figure.height:g}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Helvetica, Arial, sans-serif">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *map(_element, figure.shapes),
        "</svg>",
    ]
    return ("\n".join(lines) + "\n").encode()


def png(figure: Figure) -> bytes:
    """Return the figure as a PNG of three pixels a unit."""
    from PIL import Image

    scale = _SCALE * _FINER
    sheet = Image.new("RGB", (math.ceil(figure.width * scale), math.ceil(figure.height * scale)), "white")
    for shape in figure.shapes:
        _paint(sheet, shape, scale)
    buffer = io.BytesIO()
    sheet.reduce(_FINER).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _element(shape: Shape) -> str:
    if isinstance(shape, Stroke):
        path = "M" + "L".join(f"{x:g} {y:g}" for x, y in shape.points)
        dashes = f' stroke-dasharray="{" ".join(map(str, shape.dashes))}"' if shape.dashes else ""
        return f'<path d="{path}" fill="none" stroke="{shape.colour}" stroke-width="{shape.width:g}"{dashes}/>'
    if isinstance(shape, Disc):
        opacity = f' fill-opacity="{shape.opacity:g}"' if shape.opacity < 1 else ""
        return f'<circle cx="{shape.x:g}" cy="{shape.y:g}" r="{shape.radius:g}" fill="{shape.colour}"{opacity}/>'
    where = f'x="{shape.x:g}" y="{shape.y:g}"'
    if shape.turned:
        where = f'transform="translate({shape.x:g} {shape.y:g}) rotate(-90)"'
    style = f'font-size="{shape.size}" fill="{shape.colour}" text-anchor="{shape.anchor}"'
    return f"<text {where} {style}>{escape(shape.text)}</text>"


def _paint(sheet: Image, shape: Shape, scale: int) -> None:
    from PIL import ImageDraw

    draw = ImageDraw.Draw(sheet, "RGBA")
    if isinstance(shape, Stroke):
        for start, end in _dashed(shape):
            width = round(shape.width * scale)
            draw.line([start[0] * scale, start[1] * scale, end[0] * scale, end[1] * scale], shape.colour, width)
    elif isinstance(shape, Disc):
        red, green, blue = (int(shape.colour[at : at + 2], 16) for at in (1, 3, 5))
        centre = (shape.x * scale, shape.y * scale)
        draw.circle(centre, shape.radius * scale, (red, green, blue, round(255 * shape.opacity)))
    else:
        _write(sheet, shape, scale)


def _write(sheet: Image, words: Words, scale: int) -> None:
    from PIL import Image, ImageDraw, ImageFont

    text = "".join(map(_spelled, words.text))
    font = ImageFont.load_default(words.size * scale)
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[words.anchor]
    if not words.turned:
        ImageDraw.Draw(sheet).text((words.x * scale, words.y * scale), text, words.colour, font, anchor)
        return
    side = 2 * math.ceil(font.getlength(text)) + 4 * words.size * scale
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).text((side / 2, side / 2), text, 255, font, anchor)
    turned = mask.transpose(Image.Transpose.ROTATE_90)
    sheet.paste(words.colour, (round(words.x * scale - side / 2), round(words.y * scale - side / 2)), turned)


def _spelled(sign: str) -> str:
    """Return a sign as Pillow's own font can write it."""
    if sign.isascii() or sign in _KNOWN:
        return sign
    return _SPELLED.get(sign) or unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode() or "?"


def _dashed(stroke: Stroke) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the pieces of a line that are drawn; a dash goes on round a corner."""
    gone = 0.0
    for start, end in zip(stroke.points, stroke.points[1:], strict=False):
        length = math.dist(start, end)
        for low, high in _pieces(stroke.dashes, gone, length):
            yield _between(start, end, low / length), _between(start, end, high / length)
        gone += length


def _pieces(dashes: Sequence[int], gone: float, length: float) -> Iterator[tuple[float, float]]:
    """Yield (from, to) along a stretch of `length` that begins `gone` behind the first dash's start."""
    if length <= 0:
        return
    if not dashes:
        yield 0.0, length
        return
    at, place = -(gone % sum(dashes)), 0
    while at < length:
        end = at + dashes[place % len(dashes)]
        if place % 2 == 0 and end > 0:
            yield max(at, 0.0), min(end, length)
        at, place = end, place + 1


def _between(start: tuple[float, float], end: tuple[float, float], share: float) -> tuple[float, float]:
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
