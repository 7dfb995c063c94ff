"""A probe's images as one PNG: a noise a row, a wording a column, captions above."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from t2ibench.core.records import PROBES
from t2ibench_reports.probes.records import Asked, ProbeRecord
from t2ibench_reports.rendering.images import strip_of
from t2ibench_reports.table.format import clean

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

_SIDE: Final = 128
_GAP: Final = 4
_MARGIN: Final = 14
_LEFT: Final = 58
_INK: Final = (20, 20, 20)
_FAINT: Final = (105, 105, 105)
_LINE: Final = 16
_MOST_LINES: Final = 5


def sheet(record: ProbeRecord, results: Path) -> bytes:
    """Return the PNG of all questions of a probe, one below the other on white."""
    from PIL import Image

    blocks = [made for question in record.questions if (made := _block(question, results / PROBES / record.folder))]
    head = f"{record.probe}: {clean(record.source.label)} on {clean(record.dataset)}, seed {record.seed}"
    title = _text_block(head)
    parts = [title, *blocks]
    page = Image.new("RGB", (max(part.width for part in parts), sum(part.height for part in parts)), "white")
    top = 0
    for part in parts:
        page.paste(part, (0, top))
        top += part.height
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def strips(question: Asked, folder: Path) -> list[tuple[str, list[Image]]]:
    """Return (name of the row, its images) of all strips of a question, drawn truth last."""
    named = [(f"{place}", name) for place, name in enumerate(question.images, start=1)]
    named += [("drawn to fit", name) for name in question.truth]
    rows = []
    for label, name in named:
        images = strip_of(folder, name, len(question.variants))
        if len(images) == len(question.variants):
            rows.append((label, list(images)))
    return rows


def _block(question: Asked, folder: Path) -> Image | None:
    from PIL import Image, ImageDraw

    rows = strips(question, folder)
    if not rows:
        return None
    font, large = _fonts()
    heads = [_wrapped(clean(one.label), font, _SIDE - 4) for one in question.variants]
    lines = max(len(head) for head in heads)
    columns = len(question.variants)
    width = 2 * _MARGIN + _LEFT + columns * (_SIDE + _GAP)
    title = _wrapped(clean(question.title), large, width - 2 * _MARGIN)
    top = _MARGIN + len(title) * (_LINE + 4)
    height = top + lines * _LINE + _GAP + len(rows) * (_SIDE + _GAP) + _MARGIN
    page = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(page)
    for place, line in enumerate(title):
        draw.text((_MARGIN, _MARGIN + place * (_LINE + 4)), line, font=large, fill=_INK)
    for column, head in enumerate(heads):
        for place, line in enumerate(head):
            left = _MARGIN + _LEFT + column * (_SIDE + _GAP)
            draw.text((left, top + (lines - len(head) + place) * _LINE), line, font=font, fill=_INK)
    for number, (label, images) in enumerate(rows):
        y = top + lines * _LINE + _GAP + number * (_SIDE + _GAP)
        for place, line in enumerate(_wrapped(label, font, _LEFT - 6)):
            draw.text((_MARGIN, y + _SIDE // 2 - _LINE + place * _LINE), line, font=font, fill=_FAINT)
        for column, image in enumerate(images):
            smooth = Image.Resampling.NEAREST if image.width <= _SIDE else Image.Resampling.LANCZOS
            page.paste(image.resize((_SIDE, _SIDE), smooth), (_MARGIN + _LEFT + column * (_SIDE + _GAP), y))
    return page


def _text_block(text: str) -> Image:
    from PIL import Image, ImageDraw

    _, large = _fonts()
    page = Image.new("RGB", (int(large.getlength(text)) + 2 * _MARGIN, _LINE + 2 * _MARGIN), "white")
    ImageDraw.Draw(page).text((_MARGIN, _MARGIN), text, font=large, fill=_FAINT)
    return page


def _fonts() -> tuple[ImageFont | FreeTypeFont, ImageFont | FreeTypeFont]:
    from PIL import ImageFont

    return ImageFont.load_default(13), ImageFont.load_default(16)


def _wrapped(text: str, font: ImageFont | FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1]}…"]
    return lines or [""]
