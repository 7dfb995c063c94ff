"""Picture files to pixels: reading with sentences for errors, and the real pictures an evaluation compares with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image

from t2ibench.data.manifest import ImageEntry, Manifest
from t2ibench.data.transforms import base_picture, central_square
from t2ibench.errors import UserError
from t2ibench.files import digest_of

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

CROP: Final = "centre-crop-1"
"""Name and version of the evaluation crop; part of every digest of real pictures."""


def read_picture(path: Path) -> Image.Image:
    """Return a picture file decoded, as RGB: grey, palette, CMYK and transparent files are converted as PIL does.

    Raises:
        UserError: the file is missing, truncated, no picture, or absurdly large.
    """
    try:
        with Image.open(path) as picture:
            return picture.convert("RGB")
    except FileNotFoundError:
        raise UserError(
            f"The picture {path} is missing. Put it back, or prepare the data set again with `t2ibench data prepare`."
        ) from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # PIL raises all of these
        raise UserError(
            f"The picture {path} cannot be read ({error}). It may be truncated: fetch it again; "
            "`t2ibench data check` finds all such files."
        ) from error


def read_base(manifest: Manifest, image: ImageEntry, side: int) -> Image.Image:
    """Return a picture of the data set cropped and resized for crops of `side` pixels; see `base_picture`.

    Raises:
        UserError: as `read_picture`; or the box lies outside the picture.
    """
    picture = read_picture(manifest.path(image))
    try:
        return base_picture(picture, image.box, side)
    except ValueError as error:
        raise UserError(
            f"The picture {manifest.path(image)} cannot be cropped: {error}. Check bounding_boxes.txt."
        ) from error


class RealPictures:
    """The data set's own pictures, as an evaluation sees them: cropped around the object, resized, central square.

    The training pictures' pipeline with its chance taken out: the crop is central and nothing is flipped.
    """

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def load(self, image_ids: Sequence[str], resolution: int) -> Tensor:
        """Return uint8 pictures, N x 3 x resolution x resolution, RGB, in the order of the ids (N >= 1).

        Raises:
            UserError: an id is unknown; a file is missing, damaged or its box lies outside.
        """
        import numpy as np
        import torch

        entries = [self._entry(image_id) for image_id in image_ids]
        pixels = np.stack(list(self._squares(entries, resolution)))
        return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()

    def digest(self, image_ids: Sequence[str], resolution: int) -> str:
        """Return the SHA-256 of what `load` of these ids depends on: file digests, boxes, side and crop, in order."""
        entries = [self._entry(image_id) for image_id in image_ids]
        return digest_of({"crop": CROP, "side": resolution, "images": [[e.id, e.sha256, e.box] for e in entries]})

    def _squares(self, entries: Sequence[ImageEntry], side: int) -> Iterator[np.ndarray]:
        import numpy as np

        def square(image: ImageEntry) -> np.ndarray:
            return np.asarray(central_square(read_base(self._manifest, image, side), side))

        with ThreadPoolExecutor(reading_threads()) as pool:  # PIL decodes without holding Python's lock
            yield from pool.map(square, entries)

    def _entry(self, image_id: str) -> ImageEntry:
        try:
            return self._manifest.by_id[image_id]
        except KeyError:
            raise UserError(
                f"The data set {self._manifest.name} has no picture called {image_id!r}. "
                f"`t2ibench data check {self._manifest.name}` shows what it holds."
            ) from None


def reading_threads() -> int:
    """Return how many threads read pictures: the cores this process may use, at most 8."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
