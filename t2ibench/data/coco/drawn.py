"""Adapter of the drawn scenes: COCO's files, and code that draws them."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path

from t2ibench.data.coco.adapter import COCO
from t2ibench.data.manifest import Manifest
from t2ibench.errors import UserError
from t2ibench.files import read_json


class SimScenes(COCO):
    """Scenes drawn by code. Options: images, size and seed."""

    def read(self, root: Path, *, progress: bool, partial: bool = False) -> Manifest:
        """Return the manifest of the files under `root`, read as COCO's are; see `DatasetAdapter`.

        Pictures are shown whole, neither cropped nor flipped: their captions say what is left of what.
        """
        self.drawing({})  # names an option that is not known
        plain = COCO(self.name, self.entry.model_copy(update={"options": {}}))
        return dataclasses.replace(plain.read(root, progress=progress, partial=partial), whole=True)

    def drawing(self, settings: Mapping[str, int]) -> Mapping[str, int]:
        """Return version, images, size and seed; see `DrawnDataset`."""
        from t2ibench.data.simscenes.make import VERSION

        found = {"images": 2000, "size": 96, "seed": 0}
        for key, value in {**self.entry.options, **settings}.items():
            if key not in found or not isinstance(value, int):
                raise UserError(
                    f"datasets.{self.name}.options: {key} = {value!r} is not an option of the drawn scenes, which are "
                    "images, size and seed, whole numbers."
                )
            found[key] = value
        return {"version": VERSION, **found}

    def draw(self, root: Path, settings: Mapping[str, int], *, replace: bool, progress: bool) -> None:
        """Draw the scenes into `root`, unless just these are there already; see `DrawnDataset`.

        Raises:
            UserError: the settings make no sense, or `root` holds something else or cannot be written.
        """
        from t2ibench.data.simscenes.make import make_simscenes

        wanted = self.drawing(settings)
        summary = root / "simscenes.json"
        if replace and summary.is_file():
            found = read_json(summary, what="the settings of drawn scenes")
            if not isinstance(found, dict) or any(found.get(key) != value for key, value in wanted.items()):
                shutil.rmtree(root)
        make_simscenes(root, wanted["images"], wanted["size"], wanted["seed"], progress=progress)
