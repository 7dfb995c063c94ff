"""Pictures decoded, cropped and resized once, in one memory-mapped file, so that training decodes nothing.

A cache belongs to a manifest and to one side of crops. It lies in the workspace beside the manifest, complete or not at
all: pixels.u8 (the pictures one after another, uint8 H x W x 3), shapes.npy (their H and W), index.json (what it is).
"""

from __future__ import annotations

import functools
import itertools
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import PIL
from tqdm import tqdm

from t2ibench.data.manifest import ImageEntry, Manifest
from t2ibench.data.transforms import base_side
from t2ibench.errors import RunFailedError, UserError
from t2ibench.files import digest_of, read_json, write_json
from t2ibench.folders import complete_folder, fault_of

if TYPE_CHECKING:
    import numpy as np

VERSION: Final = 1
"""Raised by hand whenever the crop, the resize or the file's form changes: older caches are not used then."""
_INDEX, _PIXELS, _SHAPES = "index.json", "pixels.u8", "shapes.npy"
_AHEAD: Final = 256
"""Pictures that are decoded ahead of the writing."""


@dataclass(frozen=True, slots=True)
class CacheFacts:
    """What a cache is.

    Attributes:
        folder: where it lies.
        side: of the crops it serves.
        base: pixels of the pictures' shorter side.
        pictures: how many it holds.
        bytes: of the pixels.
        seconds: that making it took; 0 where it was there.
    """

    folder: Path
    side: int
    base: int
    pictures: int
    bytes: int
    seconds: float


class PictureCache:
    """The pictures of one cache. Reading is thread-safe and costs no memory that the system cannot take back."""

    def __init__(self, folder: Path, ids: tuple[str, ...]) -> None:
        import numpy as np

        shapes = np.load(folder / _SHAPES, allow_pickle=False).astype(np.int64)  # N x 2
        ends = np.cumsum(shapes.prod(axis=1) * 3)
        self._pixels = np.memmap(folder / _PIXELS, dtype=np.uint8, mode="r")
        if len(shapes) != len(ids) or (len(ids) and int(ends[-1]) != len(self._pixels)):
            raise ValueError("its parts do not fit together")
        places = zip(ids, ends.tolist(), shapes.tolist(), strict=True)
        self._places = {key: (end - 3 * height * width, height, width) for key, end, (height, width) in places}

    def pixels(self, image_id: str) -> np.ndarray:
        """Return uint8 H x W x 3 of a picture; read-only."""
        start, height, width = self._places[image_id]
        return self._pixels[start : start + 3 * height * width].reshape(height, width, 3)


def cache_folder(manifest: Manifest, side: int) -> Path:
    """Return where the cache for crops of `side` pixels lies.

    Raises:
        UserError: the data set is not kept in a workspace.
    """
    if manifest.home is None:
        raise UserError(f"{manifest.name} is not kept in a workspace, so it has no place for a cache of pictures.")
    return manifest.home / f"cache-{side}"


def caches_of(manifest: Manifest) -> list[int]:
    """Return the sides that the data set has caches for, ascending, whether they can be used or not."""
    if manifest.home is None:
        return []
    names = (path.parent.name.removeprefix("cache-") for path in manifest.home.glob(f"cache-*/{_INDEX}"))
    return sorted(int(name) for name in names if name.isdecimal())


def open_cache(manifest: Manifest, side: int) -> PictureCache | None:
    """Return the data set's cache for crops of `side` pixels.

    None where there is none; and, with a sentence on stderr, where there is one that was made of other files or by
    another version of Pillow, or that is damaged.
    """
    folder = cache_folder(manifest, side)
    if not folder.is_dir():
        return None
    fault = cache_fault(manifest, side, deep=False)
    if not fault:
        try:
            return PictureCache(folder, tuple(image.id for image in manifest.images))
        except (OSError, ValueError) as error:
            fault = str(error)
    _say_once(
        f"The cache {folder} is not used: {fault}. `t2ibench data prepare {manifest.name} --cache {side}` makes it "
        "anew."
    )
    return None


def cache_fault(manifest: Manifest, side: int, *, deep: bool) -> str:
    """Return why a cache cannot be used, "" if it can. `deep` compares digests of its content too."""
    folder = cache_folder(manifest, side)
    fault = fault_of(folder, deep=deep)
    if fault:
        return fault
    try:
        index = read_json(folder / _INDEX, what="the index of a cache of pictures")
    except UserError as error:
        return str(error).rstrip(".")
    settings = _settings(manifest, side)
    if not isinstance(index, dict) or index.get("pictures") != settings["pictures"]:
        return "the data set's pictures have changed since it was made"
    differing = [name for name, value in settings.items() if index.get(name) != value]
    return f"it was made with another {differing[0]}" if differing else ""


def write_cache(
    manifest: Manifest, side: int, pixels: Callable[[ImageEntry], np.ndarray], *, threads: int, progress: bool
) -> CacheFacts:
    """Return the facts of the cache for crops of `side` pixels, written now unless a good one is there.

    Args:
        manifest: the data set.
        side: of the crops.
        pixels: makes uint8 H x W x 3 of a picture.
        threads: how many pictures are made at a time.
        progress: whether to show a bar with the time left on stderr.

    Raises:
        UserError: a picture cannot be read, or nothing can be written.
        RunFailedError: the disk is too small.
    """
    import numpy as np

    folder = cache_folder(manifest, side)
    count, base = len(manifest.images), base_side(side, whole=manifest.whole)
    if not cache_fault(manifest, side, deep=False):
        return CacheFacts(folder, side, base, count, (folder / _PIXELS).stat().st_size, 0.0)
    least = 3 * base * base * count
    free = shutil.disk_usage(folder.parent).free
    if least > free:
        raise RunFailedError(
            f"A cache of {count} pictures for {side} pixels takes {least / 1e9:.1f} GB or more, and {folder.parent} "
            f"has {free / 1e9:.1f} GB free. Free some space, or choose another --workspace."
        )
    began = time.monotonic()
    shapes = np.empty((count, 2), dtype=np.int32)
    with complete_folder(folder, what="the cache of pictures") as temporary:
        silent = None if progress else True  # None: silent unless stderr is a terminal
        with (temporary / _PIXELS).open("wb") as file, ThreadPoolExecutor(threads) as pool:
            made = tqdm(
                _ahead(pool, pixels, manifest), total=count, desc=f"cache of {manifest.name}", disable=silent, delay=1
            )
            for row, picture in enumerate(made):
                shapes[row] = picture.shape[:2]
                file.write(np.ascontiguousarray(picture).data)
        np.save(temporary / _SHAPES, shapes, allow_pickle=False)
        write_json(temporary / _INDEX, _settings(manifest, side))
    size = (folder / _PIXELS).stat().st_size
    return CacheFacts(folder, side, base, count, size, time.monotonic() - began)


def _settings(manifest: Manifest, side: int) -> dict[str, Any]:
    """Return all that a cache's pixels depend on, and their order."""
    pictures = [[image.id, image.sha256, image.box] for image in manifest.images]
    return {
        "version": VERSION,
        "side": side,
        "base": base_side(side, whole=manifest.whole),
        "upright": manifest.upright,
        "pillow": PIL.__version__,
        "pictures": digest_of(pictures),
    }


def _ahead(
    pool: ThreadPoolExecutor, pixels: Callable[[ImageEntry], np.ndarray], manifest: Manifest
) -> Iterator[np.ndarray]:
    """Yield the pictures in order, some of them made ahead; not all of them, which would fill the memory."""
    images = iter(manifest.images)
    while chunk := list(itertools.islice(images, _AHEAD)):
        yield from pool.map(pixels, chunk)


@functools.cache
def _say_once(text: str) -> None:
    print(text, file=sys.stderr)
