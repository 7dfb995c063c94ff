"""Images decoded, cropped and resized once, in one memory-mapped file, so that training decodes nothing.

A cache belongs to a manifest and to one side of crops. It lies in the workspace beside the manifest, complete or not at
all: pixels.u8 (the images one after another, uint8 H x W x 3), shapes.npy (their H and W), index.json (what it is).
"""

from __future__ import annotations

import functools
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import PIL
from tqdm import tqdm

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, read_json, require_space, write_json, write_text
from t2ibench.core.storage.folders import MANIFEST, complete_folder, fault_of
from t2ibench.data.batches.transforms import base_resolution
from t2ibench.data.manifest import ImageEntry, Manifest, stamp_of

VERSION: Final = 1
"""Raised by hand whenever the crop, the resize or the file's form changes: older caches are not used then."""
_INDEX, _PIXELS, _SHAPES = "index.json", "pixels.u8", "shapes.npy"
_SEEN: Final = ".seen"
"""Ends the name of the file beside a cache that says which of its files were found to have their digests."""
_AHEAD: Final = 256
"""Images that are decoded ahead of the writing."""


@dataclass(frozen=True, slots=True)
class CacheFacts:
    """What a cache is.

    Attributes:
        folder: where it lies.
        resolution: of the crops it serves.
        base: pixels of the images' shorter side.
        images: how many it holds.
        bytes: of the pixels.
        seconds: that making it took; 0 where it was there.
    """

    folder: Path
    resolution: int
    base: int
    images: int
    bytes: int
    seconds: float


class ImageCache:
    """The images of one cache. Reading is thread-safe and costs no memory that the system cannot take back."""

    def __init__(self, folder: Path, ids: tuple[str, ...]) -> None:
        shapes = np.load(folder / _SHAPES, allow_pickle=False).astype(np.int64)  # N x 2
        ends = np.cumsum(shapes.prod(axis=1) * 3)
        self._pixels = np.memmap(folder / _PIXELS, dtype=np.uint8, mode="r")
        if len(shapes) != len(ids) or (len(ids) and int(ends[-1]) != len(self._pixels)):
            raise ValueError("its parts do not fit together")
        places = zip(ids, ends.tolist(), shapes.tolist(), strict=True)
        self._places = {key: (end - 3 * height * width, height, width) for key, end, (height, width) in places}

    def pixels(self, image_id: str) -> np.ndarray:
        """Return uint8 H x W x 3 of an image; read-only."""
        start, height, width = self._places[image_id]
        return self._pixels[start : start + 3 * height * width].reshape(height, width, 3)


def cache_folder(manifest: Manifest, resolution: int) -> Path:
    """Return where the cache for crops of `resolution` pixels lies.

    Raises:
        UserError: the data set is not kept in a workspace.
    """
    if manifest.home is None:
        raise UserError(f"{manifest.name} is not kept in a workspace, so it has no place for a cache of images.")
    return manifest.home / f"cache-{resolution}"


def caches_of(manifest: Manifest) -> list[int]:
    """Return the sides that the data set has caches for, ascending, whether they can be used or not."""
    if manifest.home is None:
        return []
    names = (path.parent.name.removeprefix("cache-") for path in manifest.home.glob(f"cache-*/{_INDEX}"))
    return sorted(int(name) for name in names if name.isdecimal())


def open_cache(manifest: Manifest, resolution: int) -> ImageCache | None:
    """Return the data set's cache for crops of `resolution` pixels.

    None where there is none; and, with a sentence on stderr, where there is one that was made of other files or by
    another version of Pillow, or that is damaged.
    """
    folder = cache_folder(manifest, resolution)
    if not folder.is_dir():
        return None
    fault = cache_fault(manifest, resolution, deep=False)
    if not fault:
        try:
            return ImageCache(folder, tuple(image.id for image in manifest.images))
        except (OSError, ValueError) as error:
            fault = str(error)
    _say_once(
        f"The cache {folder} is not used: {fault}. `t2ibench data prepare {manifest.name} --cache {resolution}` makes "
        "it anew."
    )
    return None


def cache_fault(manifest: Manifest, resolution: int, *, deep: bool) -> str:
    """Return why a cache cannot be used, "" if it can.

    Digests of its content are compared where its files are not those they were compared for last, and with `deep`
    in any case.
    """
    folder = cache_folder(manifest, resolution)
    seen, stamp = folder.with_suffix(_SEEN), stamp_of(folder, (_INDEX, _PIXELS, _SHAPES, MANIFEST))
    deep = deep or not seen.is_file() or seen.read_text(encoding="utf-8") != stamp
    fault = fault_of(folder, deep=deep)
    with suppress(UserError, OSError):  # in a workspace that cannot be written they are compared each time
        if fault:
            seen.unlink(missing_ok=True)
        elif deep:
            write_text(seen, stamp)
    if fault:
        return fault
    try:
        index = read_json(folder / _INDEX, what="the index of a cache of images")
    except UserError as error:
        return str(error).rstrip(".")
    settings = _settings(manifest, resolution)
    if not isinstance(index, dict) or index.get("images") != settings["images"]:
        return "the data set's images have changed since it was made"
    differing = [name for name, value in settings.items() if index.get(name) != value]
    return f"it was made with another {differing[0]}" if differing else ""


def write_cache(
    manifest: Manifest, resolution: int, pixels: Callable[[ImageEntry], np.ndarray], *, threads: int
) -> CacheFacts:
    """Return the facts of the cache for crops of `resolution` pixels, written now unless a good one is there.

    Args:
        manifest: the data set.
        resolution: of the crops.
        pixels: makes uint8 H x W x 3 of an image.
        threads: how many images are made at a time.

    Raises:
        UserError: an image cannot be read, or nothing can be written.
        RunFailedError: the disk is too small.
    """
    folder = cache_folder(manifest, resolution)
    count, base = len(manifest.images), base_resolution(resolution, whole=manifest.whole)
    if not cache_fault(manifest, resolution, deep=True):
        return CacheFacts(folder, resolution, base, count, (folder / _PIXELS).stat().st_size, 0.0)
    what = f"a cache of {count} images for {resolution} pixels"
    require_space(folder, 3 * base * base * count, what, "Free some space, or choose another --workspace.")
    began = time.monotonic()
    shapes = np.empty((count, 2), dtype=np.int32)
    with complete_folder(folder, what="the cache of images") as temporary:
        with (temporary / _PIXELS).open("wb") as file, ThreadPoolExecutor(threads) as pool:
            made = tqdm(
                _ahead(pool, pixels, manifest), total=count, desc=f"cache of {manifest.name}", disable=None, delay=1
            )
            for row, image in enumerate(made):
                shapes[row] = image.shape[:2]
                file.write(np.ascontiguousarray(image).data)
        np.save(temporary / _SHAPES, shapes, allow_pickle=False)
        write_json(temporary / _INDEX, _settings(manifest, resolution))
    size = (folder / _PIXELS).stat().st_size
    return CacheFacts(folder, resolution, base, count, size, time.monotonic() - began)


def _settings(manifest: Manifest, resolution: int) -> dict[str, Any]:
    """Return all that a cache's pixels depend on, and their order."""
    images = [[image.id, image.sha256, image.box] for image in manifest.images]
    return {
        "version": VERSION,
        "resolution": resolution,
        "base": base_resolution(resolution, whole=manifest.whole),
        "upright": manifest.upright,
        "pillow": PIL.__version__,
        "images": digest_of(images),
    }


def _ahead(
    pool: ThreadPoolExecutor, pixels: Callable[[ImageEntry], np.ndarray], manifest: Manifest
) -> Iterator[np.ndarray]:
    """Yield the images in order, some of them made ahead; not all of them, which would fill the memory."""
    images = iter(manifest.images)
    while chunk := list(itertools.islice(images, _AHEAD)):
        yield from pool.map(pixels, chunk)


@functools.cache
def _say_once(text: str) -> None:
    print(text, file=sys.stderr)
