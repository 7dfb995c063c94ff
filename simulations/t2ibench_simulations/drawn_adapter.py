"""What adapters of images drawn by code share: their options, and drawing anew only what is not there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench_simulations.drawn_folder import clear_other


@dataclass(frozen=True, slots=True)
class DrawingCode:
    """Code that draws a data set.

    Attributes:
        what: "birds".
        summary: name of the file that says what a folder was drawn with.
        version: of the code; images of another one are other images.
        images: drawn if the entry does not say how many.
        make: draws (folder, images, size, seed, and the further options).
        further: names of options besides images, size and seed; left out, they are no part of what was drawn.
    """

    what: str
    summary: str
    version: int
    images: int
    make: Callable[..., Any]
    further: tuple[str, ...] = ()


class DrawnByCode(ABC):
    """Base of adapters whose images are drawn. Options: images, size and seed."""

    name: str
    entry: DatasetEntry

    @abstractmethod
    def drawing_code(self) -> DrawingCode:
        """Return the code that draws."""

    def drawing(self, settings: Mapping[str, int]) -> Mapping[str, int]:
        """Return version, images, size, seed and what further options were given; see `DrawnDataset`.

        Raises:
            UserError: an option that is not known, or not a whole number.
        """
        code = self.drawing_code()
        found = {"images": code.images, "size": 96, "seed": 0}
        for key, value in {**self.entry.options, **settings}.items():
            if key not in (known := ("images", "size", "seed", *code.further)) or not isinstance(value, int):
                raise UserError(
                    f"datasets.{self.name}.options: {key} = {value!r} is not an option of the drawn {code.what}, which "
                    f"are {', '.join(known[:-1])} and {known[-1]}, whole numbers."
                )
            found[key] = value
        return {"version": code.version, **found}

    def draw(self, root: Path, settings: Mapping[str, int], *, replace: bool) -> None:
        """Draw the images into `root`, unless just these are there already; see `DrawnDataset`.

        Raises:
            UserError: the settings make no sense, or `root` holds something else or cannot be written.
        """
        code, wanted = self.drawing_code(), self.drawing(settings)
        if replace:
            clear_other(root / code.summary, wanted)
        code.make(root, **{key: value for key, value in wanted.items() if key != "version"})
