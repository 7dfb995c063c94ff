"""Image files to pixels: reading with sentences for errors, and the real images an evaluation compares with."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.data.batches.cache import CacheFacts, open_cache, write_cache
from t2ibench.data.batches.transforms import base_image, base_resolution, central_square
from t2ibench.data.depth import Depth, UnknownWhiteError
from t2ibench.data.manifest import ImageEntry, Manifest, forget_stamp

if TYPE_CHECKING:
    from torch import Tensor

CROP: Final = "centre-crop-1"
"""Name and version of the evaluation crop; part of every digest of real images."""


IMAGE_FAULTS: Final = (Exception,)
"""What PIL raises at a damaged file: decoders raise whatever their parsing meets, struct.error and TypeError too."""

MAX_ASPECT: Final = 100
"""Longer images are refused: scaled to a working size, a line of pixels would need gigabytes."""

_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what shows the image as it was seen."""


class ChangedImageError(UserError):
    """An image file holds other bytes than those that its digest names."""


def read_file(path: Path, *, upright: bool = False, sha256: str = "") -> Image.Image:
    """Return an image file decoded, as RGB.

    Grey, palette and CMYK files are converted as PIL does; 16 bits a channel are scaled to 8; what is transparent shows
    white. Files whose white nobody knows (floats, 32-bit integers) are refused.

    Args:
        path: the file.
        upright: whether to turn it as its EXIF orientation says.
        sha256: of the very bytes that must be decoded; "" for any.

    Raises:
        UserError: the file is missing, truncated, no image or absurdly large.
        ChangedImageError: it holds other bytes than `sha256` says.
    """
    try:
        content = path.read_bytes()
        same = not sha256 or hashlib.sha256(content).hexdigest() == sha256
        if same:
            with opened(io.BytesIO(content)) as image:
                return rgb_of(image, upright=upright)
    except FileNotFoundError:
        raise UserError(
            f"The image {path} is missing. Put it back, or prepare the data set again with `t2ibench data prepare`."
        ) from None
    except UnknownWhiteError as error:
        raise UserError(f"The image {path} is not read: {error}.") from error
    except IMAGE_FAULTS as error:
        raise UserError(
            f"The image {path} cannot be read ({reason_of(error)}). It may be truncated: fetch it again; "
            "`t2ibench data check` finds all such files."
        ) from error
    raise ChangedImageError(
        f"The image {path} has changed since the data set was prepared. Run `t2ibench data prepare` again, then ask "
        "again."
    )


def turned(image: Image.Image) -> Image.Image:
    """Return an opened image turned as its EXIF orientation says; that tag alone is read, whatever else is broken."""
    image.load()  # PIL turns TIFF files by itself here, and drops their tag
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except Exception:  # EXIF that is none: the pixels are sound
        return image
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def opened(content: Path | IO[bytes]) -> Image.Image:
    """Return an image file opened, its pixels not decoded yet.

    Raises:
        IMAGE_FAULTS: it is no image, larger than PIL's limit, or longer than `MAX_ASPECT` times its shorter side.
    """
    image = Image.open(content)
    if max(image.size) > MAX_ASPECT * min(image.size):
        image.close()
        raise ValueError(f"{image.width} x {image.height} pixels: longer than {MAX_ASPECT} times its shorter side")
    return image


def fault_of_image(content: IO[bytes]) -> str:
    """Return why a file's content cannot be decoded as an image, "" if it can."""
    try:
        with opened(content) as image:
            rgb_of(image, upright=True)
    except IMAGE_FAULTS as error:
        return reason_of(error)
    return ""


def reason_of(error: Exception) -> str:
    """Return why a file could not be decoded in a line: PIL's words without the path or address that it repeats."""
    if isinstance(error, UnidentifiedImageError):
        return "no image that PIL can read"
    if isinstance(error, Image.DecompressionBombError):
        return f"too large: over {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels"
    text = getattr(error, "strerror", None) or str(error).split(" '/")[0]
    if "MAX_TEXT_CHUNK" in text or "MAX_TEXT_MEMORY" in text:
        return "its text chunks are too large"
    return " ".join(str(text).split())[:120] or type(error).__name__


def read_image(manifest: Manifest, image: ImageEntry) -> Image.Image:
    """Return an image of the data set as RGB, read as the data set's images are. Errors as `read_file`."""
    try:
        return read_file(manifest.path(image), upright=manifest.upright, sha256=image.sha256)
    except ChangedImageError:
        with suppress(UserError):  # a workspace that cannot be written
            forget_stamp(manifest)
        raise


def read_base(manifest: Manifest, image: ImageEntry, resolution: int) -> Image.Image:
    """Return an image of the data set cropped and resized for crops of `resolution` pixels; see `base_image`.

    Raises:
        UserError: as `read_file`; or the box lies outside the image.
    """
    opened = read_image(manifest, image)
    try:
        return base_image(opened, image.box, resolution, whole=manifest.whole)
    except ValueError as error:
        raise UserError(
            f"The image {manifest.path(image)} cannot be cropped: {error}. Check bounding_boxes.txt."
        ) from error


class BaseImages:
    """What `read_base` returns, as arrays, from the data set's cache where it has one for this side.

    Equal to the bit either way: a cache made of other files, boxes or by another Pillow is not used.

    Args:
        manifest: the data set.
        resolution: of the crops.
        whole: images without the crop around the object, for models that are told where it is: made square without
            regard to their aspect, as GAWWN's official loader does. There is no cache of those.
    """

    def __init__(self, manifest: Manifest, resolution: int, *, whole: bool = False) -> None:
        self._manifest = manifest
        self._resolution = resolution
        self._whole = whole
        self._cache = None if manifest.home is None or whole else open_cache(manifest, resolution)

    @property
    def cached(self) -> bool:
        """Whether images come from a cache."""
        return self._cache is not None

    def pixels(self, image: ImageEntry) -> np.ndarray:
        """Return uint8 H x W x 3, the shorter side being the working size; not to be written to.

        Raises:
            UserError: as `read_base`.
        """
        if self._cache is not None:
            return self._cache.pixels(image.id)
        if self._whole:
            base = base_resolution(self._resolution, whole=self._manifest.whole)
            return np.asarray(read_image(self._manifest, image).resize((base, base), Image.Resampling.BILINEAR))
        return np.asarray(read_base(self._manifest, image, self._resolution))


def make_cache(manifest: Manifest, resolution: int) -> CacheFacts:
    """Return the facts of the data set's cache for crops of `resolution` pixels, written now unless it is there.

    Raises:
        UserError: an image cannot be read, or the data set is not kept in a workspace.
        RunFailedError: the disk is too small.
    """

    def pixels(image: ImageEntry) -> np.ndarray:
        return np.asarray(read_base(manifest, image, resolution))

    return write_cache(manifest, resolution, pixels, threads=reading_threads())


class RealImages:
    """The data set's own images, as an evaluation sees them: cropped around the object, resized, central square.

    The training images' pipeline with its chance taken out: the crop is central and nothing is flipped.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._bases: dict[int, BaseImages] = {}

    def load(self, image_ids: Sequence[str], resolution: int) -> Tensor:
        """Return uint8 images, N x 3 x resolution x resolution, RGB, in the order of the ids (N >= 1).

        Raises:
            UserError: an id is unknown; a file is missing, damaged or its box lies outside.
        """
        import torch

        entries = [self._entry(image_id) for image_id in image_ids]
        pixels = np.stack(list(self._squares(entries, resolution)))
        return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()

    def digest(self, image_ids: Sequence[str], resolution: int) -> str:
        """Return the SHA-256 of what `load` of these ids depends on: file digests, boxes, side and crop, in order."""
        entries = [self._entry(image_id) for image_id in image_ids]
        content = {"crop": CROP, "resolution": resolution, "images": [[e.id, e.sha256, e.box] for e in entries]}
        content |= {name: True for name in ("upright", "whole") if getattr(self._manifest, name)}
        return digest_of(content)

    def _squares(self, entries: Sequence[ImageEntry], resolution: int) -> Iterator[np.ndarray]:
        if resolution not in self._bases:
            self._bases[resolution] = BaseImages(self._manifest, resolution)
        bases = self._bases[resolution]

        def square(image: ImageEntry) -> np.ndarray:
            return np.asarray(central_square(Image.fromarray(bases.pixels(image)), resolution))

        with ThreadPoolExecutor(reading_threads()) as pool:  # PIL decodes without holding Python's lock
            yield from pool.map(square, entries)

    def _entry(self, image_id: str) -> ImageEntry:
        try:
            return self._manifest.by_id[image_id]
        except KeyError:
            raise UserError(
                f"The data set {self._manifest.name} has no image called {image_id!r}. "
                f"`t2ibench data check {self._manifest.name}` shows what it holds."
            ) from None


def reading_threads() -> int:
    """Return how many threads read images: the cores this process may use, at most 8."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def rgb_of(image: Image.Image, *, upright: bool) -> Image.Image:
    """Return an image that was opened and not decoded yet as RGB of 8 bits; see `read_file`. Raises IMAGE_FAULTS."""
    depth = Depth.of(image)
    image.load()
    if depth.white:
        grey = depth.to_grey(image)
        grey.info = {key: value for key, value in image.info.items() if key != "transparency"}  # EXIF among it
        image = grey
    opened = turned(image) if upright else image
    if opened.has_transparency_data:
        over = opened.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")
    return opened.convert("RGB")
