"""Finding COCO's images: an image has one number in all years and layouts, and its file is named by it."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

FOLDERS: Final = ("train2014", "val2014", "train2017", "val2017", "train", "val", "test")
"""Names of image folders, in a data set's folder or in its images/; images/ itself may hold them all, too."""
_NUMBERED: Final = re.compile(r"(\d{12})$")


class ImageIndex:
    """The images below some folders, listed once.

    Args:
        places: folders that may hold image folders.
    """

    def __init__(self, places: Iterable[Path]) -> None:
        self._by_name: dict[str, Path] = {}
        self._by_number: dict[int, Path] = {}
        self.folders: list[Path] = []
        inside = [place / middle for place in places for middle in ("", "images")]
        for folder in dict.fromkeys([*inside, *(place / name for place in inside for name in FOLDERS)]):
            if folder.is_dir() and self._list(folder):
                self.folders.append(folder)

    def find(self, file: str, number: int) -> Path | None:
        """Return the file of an image: the one of this name, else one of this number; None if there is neither."""
        return self._by_name.get(file) or self._by_number.get(number)

    def others(self, images: Collection[tuple[str, int]]) -> list[str]:
        """Return the files, sorted, that are none of these images, told by name and by number."""
        names = {file for file, _ in images}
        numbers = {number for _, number in images}
        return sorted(name for name in self._by_name if name not in names and number_of(Path(name).stem) not in numbers)

    def _list(self, folder: Path) -> bool:
        found = False
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if entry.name.startswith("."):  # such as macOS's "._" twins, which hold no pixels
                continue
            stem, _, suffix = entry.name.rpartition(".")
            if suffix.lower() in ("jpg", "jpeg", "png") and entry.is_file():
                found = True
                path = Path(entry.path)
                self._by_name.setdefault(entry.name, path)
                if match := _NUMBERED.search(stem):
                    self._by_number.setdefault(int(match[1]), path)
        return found


def key_of(number: int) -> str:
    """Return an image's id, the same for all years and layouts: its number in twelve digits."""
    return f"{number:012d}"


def number_of(key: str) -> int | None:
    """Return the number at the end of a key such as "COCO_val2014_000000391895"; None where there is none."""
    match = _NUMBERED.search(key)
    return int(match[1]) if match else None
