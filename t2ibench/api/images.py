"""Images that are given in memory, written once as a folder, so that they are judged as any folder is.

Whatever is given ends as the same PNG files and manifest.jsonl that `t2ibench sample --out` writes: one way in, one set
of numbers. Value range and layout are checked and never guessed.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, write_json_lines, writing_failed
from t2ibench.core.types import Caption
from t2ibench.data.images import rgb_of
from t2ibench.evaluation.external.manifest_lines import FILE_NAME

Text = str | Caption
_OVER: Final = 1e-3
"""How far rounding may carry values out of their range, as a share of it."""


@dataclass(frozen=True)
class Reading:
    """How images in memory are read.

    Attributes:
        value_range: what floats lie in, as in (-1, 1); None for none given.
        image_column: of rows and batches that are mappings.
        caption_column: likewise; None where captions are not among them.
    """

    value_range: tuple[float, float] | None = None
    image_column: str = "image"
    caption_column: str | None = None


def written(images: Any, captions: Sequence[Text] | None, reading: Reading, memory: Path) -> Path:
    """Return the folder that holds the images, written now unless the same were written before.

    Args:
        images: see `evaluate`; anything but a folder.
        captions: one an image, in order; None where they come with the images, or are not known.
        reading: how to read them.
        memory: where such folders are kept.

    Raises:
        UserError: the images are of a form, type or range that is not sure, or there are more or fewer captions.
        RunFailedError: the disk is full.
    """
    temporary: Path | None = None
    try:
        memory.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=memory, prefix=".part-"))
        hasher, found = hashlib.sha256(), list[Text | None]()
        for pixels, text in _images_in(images, reading):
            hasher.update(f"{pixels.shape}\0".encode() + pixels.tobytes())
            Image.fromarray(pixels).save(temporary / _file(len(found)), compress_level=1)
            found.append(text)
        if not found:
            raise UserError("There is no image in what was given: `images` wants at least one.")
        texts = _texts(found, captions)
        lines = [_line(index, text) for index, text in enumerate(texts)]
        if lines:
            write_json_lines(temporary / FILE_NAME, lines)
        target = memory / digest_of([hasher.hexdigest(), lines])[:32]
        if not target.is_dir():
            temporary.chmod(0o755)
            temporary.rename(target)
        return target
    except OSError as error:
        raise writing_failed(temporary or memory, error) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _file(index: int) -> str:
    return f"image-{index:06}.png"


def _line(index: int, text: Text) -> dict[str, object]:
    own = {"caption": text} if isinstance(text, str) else {"caption_id": text.id, "caption": text.text}
    return {"file": _file(index), **own}


def _texts(found: Sequence[Text | None], captions: Sequence[Text] | None) -> list[Text]:
    """Return a caption an image; none where no image has one."""
    own = [text for text in found if text is not None]
    if own and captions is not None:
        raise UserError("The images bring captions of their own: leave `captions` out.")
    if isinstance(captions, str):
        raise UserError("`captions` wants a list with a caption an image, and was given a single text.")
    texts = own if captions is None else list(captions)
    if texts and len(texts) != len(found):
        raise UserError(f"There are {len(found):,} images and {len(texts):,} captions: give one an image, in order.")
    for text in texts:
        if not isinstance(text, str | Caption):
            raise UserError(f"A caption is a text or one of t2ibench.captions(...); found {_kind(text)}.")
    return texts


def _images_in(images: Any, reading: Reading) -> Iterator[tuple[np.ndarray, Text | None]]:
    """Yield (uint8 H x W x 3, caption or None)."""
    if _is_array(images) or isinstance(images, Image.Image):
        yield from _part(images, reading)
        return
    if not isinstance(images, Iterable):
        raise UserError(
            f"Images were given as {_kind(images)}: give a folder, an array or tensor, or something that yields them "
            "(a list, a generator, a torch DataLoader, a Hugging Face data set)."
        )
    for one in images:
        yield from _part(one, reading)


def _part(given: Any, reading: Reading) -> Iterator[tuple[np.ndarray, Text | None]]:
    """Yield the images of one element: an image, a batch of them, or either with captions."""
    if isinstance(given, Mapping):
        for column in (reading.image_column, reading.caption_column):
            if column is not None and column not in given:
                raise UserError(
                    f"The images come as rows with {', '.join(map(repr, given))} and without {column!r}: name the "
                    "right ones with image_column=... and caption_column=..."
                )
        texts = None if reading.caption_column is None else given[reading.caption_column]
        yield from _with_texts(given[reading.image_column], texts, reading)
    elif isinstance(given, tuple | list) and len(given) == 2 and _is_text(given[1]):
        yield from _with_texts(given[0], given[1], reading)
    elif isinstance(given, Image.Image):
        try:
            yield np.asarray(rgb_of(given, upright=True)), None
        except Exception as error:  # PIL raises many kinds
            raise UserError(f"An image of PIL's mode {given.mode} cannot be read as RGB: {error}.") from error
    elif _is_array(given):
        for pixels in _pixels(given, reading.value_range):
            yield pixels, None
    elif isinstance(given, list) and given and all(isinstance(one, Image.Image) or _is_array(one) for one in given):
        for one in given:
            yield from _part(one, reading)
    else:
        hint = "give their folder" if isinstance(given, str | Path) else "give arrays, tensors or PIL images"
        if isinstance(given, tuple | list) and given:
            hint = "of batches with more than images give the images alone, as in (batch[0] for batch in loader)"
        raise UserError(f"Images were given as {_kind(given)}, which is not read: {hint}.")


def _with_texts(images: Any, texts: Any, reading: Reading) -> Iterator[tuple[np.ndarray, Text | None]]:
    found = [pixels for pixels, _ in _part(images, reading)]
    own = [texts] if texts is None or isinstance(texts, str | Caption) else list(texts)
    if texts is None:
        own *= len(found)
    if len(own) != len(found):
        raise UserError(f"A batch has {len(found)} images and {len(own)} captions: give one an image.")
    yield from zip(found, own, strict=True)


def _pixels(given: Any, value_range: tuple[float, float] | None) -> np.ndarray:
    """Return uint8 N x H x W x 3 of an array or tensor of one image or several.

    Raises:
        UserError: another shape; a type that is no image's; floats of no stated range, outside it or not finite.
    """
    if hasattr(given, "detach"):  # torch's, wherever it lies
        given = given.detach().cpu()
        given = given.float() if "bfloat16" in str(given.dtype) else given
    array = np.asarray(given)
    if array.ndim == 3:
        array = array[None]
    first, last = (array.shape[1], array.shape[3]) if array.ndim == 4 else (0, 0)
    if (first == 3) == (last == 3):
        shape = " x ".join(map(str, np.shape(given)))
        why = "both of its sides may be the channels" if first == 3 else "images are N x 3 x H x W or N x H x W x 3"
        raise UserError(f"Images were given as an array of {shape}: {why}. Give RGB, one of those two ways.")
    if first == 3:
        array = array.transpose(0, 2, 3, 1)
    if not array.size:
        return array.astype(np.uint8)
    if array.dtype == np.uint8:
        if value_range is not None and tuple(value_range) != (0, 255):
            raise UserError(
                f"The images are uint8, from 0 to 255, but value_range={value_range} was given: leave it out."
            )
        return np.ascontiguousarray(array)
    if not np.issubdtype(array.dtype, np.floating):
        raise UserError(f"Images of {array.dtype} are not read: give uint8 (0 to 255), or floats and value_range=...")
    if value_range is None:
        raise UserError(
            f"The images are {array.dtype} from {array.min():.4g} to {array.max():.4g}, and nobody says what black "
            "and white are: give value_range=(-1, 1) or (0, 1)."
        )
    return _scaled(array, *value_range)


def _scaled(array: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return uint8 of floats in [low, high], rounded to nearest as models' images are."""
    if not low < high:
        raise UserError(f"value_range=({low}, {high}) is none: give (black, white), as in (-1, 1).")
    if not np.isfinite(array).all():
        raise UserError("Some images hold values that are not finite (NaN or infinity), so they cannot be judged.")
    slack = _OVER * (high - low)
    if array.min() < low - slack or array.max() > high + slack:
        raise UserError(
            f"The images reach from {array.min():.4g} to {array.max():.4g}, outside value_range=({low:g}, {high:g}): "
            "give the range that they are in."
        )
    wide = array.astype(np.float32) if array.dtype.itemsize < 4 else array
    pixels: np.ndarray = np.ascontiguousarray(((wide - low) / (high - low) * 255).round().clip(0, 255), dtype=np.uint8)
    return pixels


def _is_array(given: Any) -> bool:
    return hasattr(given, "shape") and hasattr(given, "dtype") and hasattr(given, "__array__")


def _is_text(given: Any) -> bool:
    several = isinstance(given, list | tuple) and bool(given) and all(isinstance(one, str | Caption) for one in given)
    return several or isinstance(given, str | Caption)


def _kind(given: Any) -> str:
    if isinstance(given, tuple | list):
        held = ", ".join(dict.fromkeys(type(one).__name__ for one in given))
        return f"a {type(given).__name__} of {held or 'nothing'}"
    return f"{type(given).__module__}.{type(given).__qualname__}".removeprefix("builtins.")
