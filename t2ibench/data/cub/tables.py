"""CUB-200-2011's own text tables: images, boxes, its own split; and the split by class that the papers use."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.reading.text import read_text, text_lines
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.adapter import missing_file, safe_name
from t2ibench.data.manifest import Box

PHOTOS: Final = "CUB_200_2011.tgz"

TEST_CLASSES: Final = frozenset(
    (1, 4, 6, 8, 9, 14, 23, 29, 31, 33, 34, 35, 36, 37, 38, 43, 49, 51, 53, 66, 72, 79, 83, 84, 86,
     91, 95, 96, 98, 101, 102, 103, 112, 114, 119, 121, 130, 135, 138, 147, 156, 163, 165, 166, 180,
     183, 185, 186, 187, 197)
)  # fmt: skip
"""The 50 classes of the test split, 2,933 images; the other 150 are the training split, 8,855 images.

Read off the released metadata of AttnGAN (class_info.pickle), whose split is by these classes exactly.
"""


class Tables:
    """The tables of one folder CUB_200_2011.

    Args:
        folder: holds images.txt.
        root: the folder the user named; errors speak of it.
        entry: the data set's table.
    """

    def __init__(self, folder: Path, root: Path, entry: DatasetEntry) -> None:
        self.folder = folder
        self._root = root
        self._entry = entry
        rows = self._table("images.txt", 2)
        self._keys = {number: safe_name(name.removesuffix(".jpg"), folder / "images.txt") for number, name in rows}

    @property
    def keys(self) -> list[str]:
        """Keys of all images in the table's order: their files in images/ without .jpg."""
        return list(self._keys.values())

    def boxes(self) -> dict[str, Box]:
        """Return key -> (x, y, width, height), cut to whole pixels as the official code does.

        Raises:
            UserError: the table is missing or damaged.
        """
        path = self.folder / "bounding_boxes.txt"
        boxes: dict[str, Box] = {}
        for number, *values in self._table(path.name, 5):
            try:
                x, y, width, height = (int(float(value)) for value in values)
                boxes[self._keys[number]] = (x, y, width, height)
            except (KeyError, ValueError, OverflowError):
                raise UserError(
                    f"{path}: the row of image {number!r} is no box of an image in images.txt. Unpack {PHOTOS} again."
                ) from None
        return boxes

    def own_split(self) -> dict[str, str]:
        """Return key -> "train" or "test" by CUB's train_test_split.txt, 5,994 and 5,794 images of all classes.

        Raises:
            UserError: the table is missing or damaged.
        """
        path = self.folder / "train_test_split.txt"
        try:
            return {self._keys[number]: {"1": "train", "0": "test"}[flag] for number, flag in self._table(path.name, 2)}
        except KeyError as error:
            raise UserError(f"{path}: {error} is no image of images.txt, or neither 0 nor 1.") from None

    def class_split(self) -> dict[str, str]:
        """Return key -> "train" or "test" by TEST_CLASSES."""
        return {key: "test" if class_of(key) in TEST_CLASSES else "train" for key in self.keys}

    def _table(self, name: str, columns: int) -> list[list[str]]:
        path = self.folder / name
        try:
            text = read_text(path, what=f"CUB's table; it comes in {PHOTOS}")
        except UserError as error:
            raise error if path.exists() else missing_file(path, self._entry, PHOTOS, self._root) from None
        rows = []
        for number, line in text_lines(text):
            rows.append(line.split())
            if len(rows[-1]) != columns:
                raise UserError(f"{path}, line {number}: {columns} columns were expected, {len(rows[-1])} found.")
        return rows


def class_of(key: str) -> int:
    """Return the class number that a key begins with, 1 to 200.

    Raises:
        UserError: it begins with none.
    """
    number = key.partition(".")[0]
    if not number.isdecimal():
        raise UserError(f"The image {key!r} does not begin with its class, as in '001.Black_footed_Albatross/...'.")
    return int(number)
