"""Where the parts of the object lie in a training image: keypoints, carried along with the crop and the flip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from t2ibench.core.reading.part_table import PartTable
from t2ibench.data.batches.boxes import InWorkingImages, working_frame
from t2ibench.data.manifest import Manifest

if TYPE_CHECKING:
    from torch import Tensor


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
        import torch

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
        frame = working_frame(self._manifest, image, whole=self._whole)
        found: np.ndarray = self._locations.get(image.id, self._none).copy()  # K x 3
        found[:, :2] = (found[:, :2] - frame[:2]) / frame[2:]
        return found
