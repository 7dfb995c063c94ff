"""Where the object and its parts lie in a training image: box and keypoints, carried along with crop and flip."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from t2ibench.core.errors import UserError
from t2ibench.core.reading.part_table import PartTable
from t2ibench.data.batches.transforms import bird_crop
from t2ibench.data.images import IMAGE_FAULTS, read_image
from t2ibench.data.manifest import ImageEntry, Manifest

SMALLEST: Final = 1 / 16
"""Boxes are at least this wide and high, as a fraction of the image: a cell of the models' 16 x 16 maps."""


class InWorkingImages(ABC):
    """Base of what lies somewhere in the images of one split, as fractions of the working images.

    Args:
        manifest: the data set.
        split: whose images.
        whole: whether images are whole instead of cropped around the object.
    """

    def __init__(self, manifest: Manifest, split: str, *, whole: bool) -> None:
        self._manifest = manifest
        self._images = manifest.split(split)
        self._whole = whole
        self._of = functools.cache(self._read)

    @abstractmethod
    def _read(self, row: int) -> np.ndarray:
        """Return what lies in an image; asked for once. Raises UserError: the image is missing or damaged."""

    def _frame(self, image: ImageEntry) -> np.ndarray:
        """Return (left, top, width, height) in the image's pixels of what its working image shows.

        An image without a box is whole in any case. Raises UserError: the image is missing or damaged.
        """
        width, height = _size(self._manifest, image)
        left, top, right, bottom = 0, 0, width, height
        if image.box is not None and not self._whole:
            left, top, right, bottom = bird_crop(image.box, width, height)
        return np.asarray([left, top, right - left, bottom - top], dtype=np.float64)


class ObjectBoxes(InWorkingImages):
    """The bounding boxes of one split. An image without one, where others have some, has the whole of itself.

    Args: as `InWorkingImages`.

    Raises:
        UserError: the split has no box at all.
    """

    def __init__(self, manifest: Manifest, split: str, *, whole: bool) -> None:
        super().__init__(manifest, split, whole=whole)
        if all(image.box is None for image in self._images):
            raise UserError(
                f"The data set {manifest.name} has no bounding boxes, which this model learns from. Train it on cub or "
                "simbirds, or take a model that needs none."
            )

    def in_crops(self, rows: np.ndarray, places: np.ndarray, resolution: int) -> Tensor:
        """Return float32 boxes, N x 4: (x, y, width, height) as fractions of the crop, cut at its borders.

        Args:
            rows: N images of the split.
            places: N x 5: left and top of the crop in the working image, that one's width and height, 1 for a flip.
            resolution: of the crop, in pixels of the working image.

        Raises:
            UserError: an image is missing or damaged.
        """
        boxes = np.stack([self._of(int(row)) for row in rows])  # fractions of the working image
        corner = (boxes[:, :2] * places[:, 2:4] - places[:, :2]) / resolution
        opposite = corner + boxes[:, 2:] * places[:, 2:4] / resolution
        flipped = places[:, 4] == 1
        corner[flipped, 0], opposite[flipped, 0] = 1 - opposite[flipped, 0], 1 - corner[flipped, 0]
        corner, opposite = np.clip(corner, 0, 1 - SMALLEST), np.clip(opposite, SMALLEST, 1)
        size = np.maximum(opposite - corner, SMALLEST)
        return torch.from_numpy(np.concatenate((corner, size), axis=1).astype(np.float32))

    def _read(self, row: int) -> np.ndarray:
        image = self._images[row]
        if image.box is None:
            return np.asarray([0.0, 0.0, 1.0, 1.0])
        frame = self._frame(image)
        box = np.asarray(image.box, dtype=np.float64)
        fractions: np.ndarray = np.concatenate((box[:2] - frame[:2], box[2:])) / np.tile(frame[2:], 2)
        return fractions


class ObjectKeypoints(InWorkingImages):
    """The keypoints of one split; of an image that the tables do not have, none can be seen.

    Args: as `InWorkingImages`.

    Raises:
        UserError: the data set has no tables of parts, or damaged ones.
    """

    def __init__(self, manifest: Manifest, split: str, *, whole: bool) -> None:
        super().__init__(manifest, split, whole=whole)
        table = PartTable(manifest.root)
        self._mirrored, self._locations = table.mirrored, table.locations
        self._none = np.zeros((len(table.names), 3))

    def in_crops(self, rows: np.ndarray, places: np.ndarray, resolution: int) -> Tensor:
        """Return float32 N x K x 3: x, y as fractions of the crop, 1 where visible; zeros where hidden or cut off.

        Args:
            rows: N images of the split.
            places: N x 5, as for `ObjectBoxes.in_crops`.
            resolution: of the crop, in pixels of the working image.

        Raises:
            UserError: an image is missing or damaged.
        """
        points = np.stack([self._of(int(row)) for row in rows])  # fractions of the working image
        points[..., :2] = (points[..., :2] * places[:, None, 2:4] - places[:, None, :2]) / resolution
        flipped = places[:, 4] == 1
        points[flipped, :, 0] = 1 - points[flipped, :, 0]
        points[flipped] = points[flipped][:, self._mirrored]
        seen = (points[..., 2] > 0) & ((points[..., :2] >= 0) & (points[..., :2] < 1)).all(axis=-1)
        points[..., 2] = 1
        return torch.from_numpy((points * seen[..., None]).astype(np.float32))

    def _read(self, row: int) -> np.ndarray:
        image = self._images[row]
        frame = self._frame(image)
        found: np.ndarray = self._locations.get(image.id, self._none).copy()  # K x 3
        found[:, :2] = (found[:, :2] - frame[:2]) / frame[2:]
        return found


def _size(manifest: Manifest, image: ImageEntry) -> tuple[int, int]:
    """Return width and height as the image is read; from the file's head where that is enough."""
    if not manifest.upright:
        try:
            with Image.open(manifest.path(image)) as opened:
                return opened.size
        except IMAGE_FAULTS:
            pass  # `read_image` says what is wrong
    return read_image(manifest, image).size
