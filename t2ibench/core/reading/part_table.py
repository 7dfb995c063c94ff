"""CUB's tables of the parts of birds: names, and where each is in each image."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.reading.text import read_text, text_lines

LOCATIONS: Final = "parts/part_locs.txt"
"""CUB's table: image, part, x, y and 1 where it can be seen. Beside its folder images.txt numbers the images."""
NAMES: Final = "parts/parts.txt"
_MIRRORED: Final = {"left": "right", "right": "left"}


class PartTable:
    """The tables of parts of a data set in CUB's layout.

    Args:
        root: folder of the data set's files.

    Raises:
        UserError: it has none.
    """

    def __init__(self, root: Path) -> None:
        found = [folder for folder in (root, root / "CUB_200_2011") if (folder / LOCATIONS).is_file()]
        if not found:
            raise UserError(
                f"{root / 'CUB_200_2011' / LOCATIONS} is missing, and with it the keypoints that this model learns "
                "from. CUB's archive has it; for simbirds `python -m t2ibench_simulations.simbirds.truth "
                f"{root}` writes it."
            )
        self.folder = found[0]
        self._numbers, self.names = zip(*((row[0], " ".join(row[1:])) for row in self._rows(NAMES)), strict=True)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        return self.folder / NAMES, self.folder / LOCATIONS

    @cached_property
    def locations(self) -> dict[str, np.ndarray]:
        """Image id -> K x 3: x and y in pixels, and 1 where the part can be seen.

        Raises:
            UserError: a damaged table.
        """
        ids = {row[0]: row[1].rpartition(".")[0] for row in self._rows("images.txt")}
        places = {number: place for place, number in enumerate(self._numbers)}
        found = {image: np.zeros((len(places), 3)) for image in ids.values()}
        for row in self._rows(LOCATIONS):
            try:
                image, part, *numbers = row
                found[ids[image]][places[part]] = [float(one) for one in numbers]
            except (KeyError, ValueError):
                raise UserError(
                    f"{self.folder / LOCATIONS}: {' '.join(row)!r} is not image, part, x, y, visible."
                ) from None
        return found

    @property
    def mirrored(self) -> list[int]:
        """The place of each part in a mirrored image: the left eye is where the right one was."""
        others = [" ".join(_MIRRORED.get(word, word) for word in name.split()) for name in self.names]
        return [self.names.index(other) if other in self.names else place for place, other in enumerate(others)]

    def _rows(self, name: str) -> list[list[str]]:
        text = read_text(self.folder / name, what="a table of parts")
        return [line.split() for _, line in text_lines(text) if line.strip()]
