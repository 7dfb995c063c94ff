"""Adapter of the drawn scenes: COCO's files, and code that draws them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from t2ibench.data.coco.adapter import COCO
from t2ibench.data.manifest import Manifest
from t2ibench_simulations.drawn_adapter import DrawingCode, DrawnByCode


class SimScenes(DrawnByCode, COCO):
    """Scenes drawn by code. Options: images, size and seed."""

    def read(self, root: Path, *, partial: bool = False) -> Manifest:
        """Return the manifest of the files under `root`, read as COCO's are; see `DatasetAdapter`.

        Images are shown whole, neither cropped nor flipped: their captions say what is left of what.
        """
        self.drawing({})  # names an option that is not known
        plain = COCO(self.name, self.entry.model_copy(update={"options": {}}))
        return dataclasses.replace(plain.read(root, partial=partial), whole=True)

    def drawing_code(self) -> DrawingCode:
        """Return simscenes'."""
        from t2ibench_simulations.simscenes.make import VERSION, make_simscenes

        return DrawingCode("scenes", "simscenes.json", VERSION, 2000, make_simscenes)
