"""Sample images for the page: strips cut into one image a caption, small enough to be carried inside the file."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2ibench_reports.table.format import clean

if TYPE_CHECKING:
    from PIL.Image import Image

LONGEST_SIDE = 128
"""Larger images are shrunk to this; a page of thirty 256-pixel strips would weigh tens of megabytes."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One image as a data URI, with its size in pixels and the caption it was made for ("" where unknown)."""

    uri: str
    width: int
    height: int
    caption: str


def tiles(folder: Path, name: str) -> tuple[Tile, ...]:
    """Return the images of a strip; empty where the file is missing, lies elsewhere or is no image.

    Args:
        folder: the results' images folder.
        name: file name from a record; a name that leaves the folder is not followed.
    """
    captions = _captions(folder / f"{Path(name).stem}.json") if name else []
    images = strip_of(folder, name, max(len(captions), 1))
    texts = captions if len(images) == len(captions) else [""] * len(images)
    return tuple(tile_of(image, text) for image, text in zip(images, texts, strict=True))


def cut(folder: Path, name: Any, texts: Sequence[str]) -> tuple[Tile, ...]:
    """Return a strip cut into as many images as there are texts, each with its own; empty where that cannot be."""
    if not isinstance(name, str) or not texts:
        return ()
    images = strip_of(folder, name, len(texts))
    if len(images) != len(texts):
        return ()
    return tuple(tile_of(image, text) for image, text in zip(images, texts, strict=True))


def strip_of(folder: Path, name: str, count: int) -> Sequence[Image]:
    """Return the `count` images of a strip from left to right; the strip itself where its width does not divide.

    Nothing where the file is missing, damaged, no PNG, or its name leaves the folder.
    """
    if not name or Path(name).name != name:
        return ()
    from PIL import Image

    try:
        with Image.open(folder / name, formats=("PNG",)) as found:
            found.load()
            strip = found.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return ()
    width, height = strip.size
    if width % count:
        return [strip]
    side = width // count
    return [strip.crop((place * side, 0, (place + 1) * side, height)) for place in range(count)]


def _captions(path: Path) -> list[str]:
    """Return the captions beside a strip, from {"captions": [...]} or a plain list; [] where there are none."""
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    found = content.get("captions", []) if isinstance(content, dict) else content
    if not isinstance(found, list):
        return []
    return [clean(str(one.get("text", "") if isinstance(one, dict) else one)) for one in found]


def tile_of(image: Image, caption: str) -> Tile:
    """Return an image as a tile, shrunk where it is larger than LONGEST_SIDE."""
    # A single image is bounded on both sides; a strip that could not be cut keeps its length.
    largest = image.height if image.width > 2 * image.height else max(image.size)
    if largest > LONGEST_SIDE:
        shrink = LONGEST_SIDE / largest
        image = image.resize((max(round(image.width * shrink), 1), max(round(image.height * shrink), 1)))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    uri = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    return Tile(uri, image.width, image.height, caption)
