"""Drawing and reading MNIST with captions."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from t2ibench.data.adapter import checked_options, chosen
from t2ibench.data.assembly import Findings, Row, assemble
from t2ibench.data.manifest import Manifest
from t2ibench.data.mnist_captions.digits import CAVEATS, DRAWN, MNIST, OFFLINE
from t2ibench.data.mnist_captions.idx import find_mnist
from t2ibench.data.mnist_captions.make import CAPTIONS, SUMMARY, VERSION, make_mnist_captions, read_drawing
from t2ibench.data.mnist_captions.scenes import SIDE
from t2ibench.errors import UserError
from t2ibench.spec import DatasetEntry, Value

_DEFAULTS: Final[dict[str, Value]] = {"images": 6000, "seed": 0, "digits": DRAWN}
_SCENES: Final = "mnist-captions"
"""Folder, beside MNIST's files, of the scenes made of them."""


class MNISTCaptions:
    """Adapter of scenes of digits, which are drawn here.

    Without files, digits come from the option `digits`: "drawn" by code, or "scikit-learn". With `--root` at MNIST's
    files (torchvision's download among them) they are MNIST's, and the scenes are written beside those files.

    Options:
        images: scenes of all splits.
        seed: what they are drawn from, held-out roles among them.
        digits: see above.
    """

    def __init__(self, name: str, entry: DatasetEntry) -> None:
        self.name = name
        self.entry = entry

    def drawing(self, settings: Mapping[str, int]) -> Mapping[str, Value]:
        """Return version, images, seed and digits; see `DrawnDataset`.

        Raises:
            UserError: an option is unknown or does not fit, or scenes of another size than 60 pixels are asked for.
        """
        if settings.get("size", SIDE) != SIDE:
            raise UserError(f"The scenes of {self.name} are {SIDE} pixels wide; leave --size out.")
        found = checked_options(self.name, self.entry, _DEFAULTS)
        chosen(self.name, "digits", found["digits"], OFFLINE)
        return {"version": VERSION, **found, **{key: value for key, value in settings.items() if key != "size"}}

    def draw(self, root: Path, settings: Mapping[str, int], *, replace: bool, progress: bool) -> None:
        """Draw the scenes into `root`, unless just these are there already; see `DrawnDataset`.

        Raises:
            UserError: the settings make no sense, `root` holds something else, or scikit-learn is asked for and absent.
        """
        make_mnist_captions(root, self.drawing(settings), replace=replace, progress=progress)

    def read(self, root: Path, *, progress: bool, partial: bool = False) -> Manifest:
        """Return the manifest of scenes under `root`, made now where it holds MNIST's files instead.

        Raises:
            MissingPicturesError: scenes are missing, and `partial` is not set.
            UserError: there are neither scenes nor MNIST's files, or they are damaged.
        """
        scenes = root
        if not (root / SUMMARY).is_file():
            mnist = find_mnist(root) if root.is_dir() else None
            if mnist is None:
                raise UserError(
                    f"{root} holds neither {SUMMARY} nor MNIST's train-images-idx3-ubyte (or .gz). Name a folder with "
                    "one of them, or leave the folder out: digits are drawn by code then."
                )
            scenes = root / _SCENES
            wanted = {**self.drawing({}), "digits": MNIST}
            make_mnist_captions(scenes, wanted, mnist=mnist, replace=True, progress=progress)
        drawn = read_drawing(scenes)
        rows = [
            Row(
                id=str(Path(line["file"]).with_suffix("").as_posix()),
                path=scenes / line["file"] if (scenes / line["file"]).is_file() else None,
                split=line["split"],
                captions=tuple(line["captions"]),
                class_id=line["content"],
            )
            for line in _lines(scenes / CAPTIONS)
        ]
        source = str(drawn.settings["digits"])
        roles = ", ".join(map(str, drawn.bans))
        findings = Findings(
            rows=rows,
            where=str(scenes / CAPTIONS),
            advice=f"Delete {scenes} and ask again.",
            sources=[scenes / SUMMARY, scenes / CAPTIONS],
            found=[f"digits: {source}", f"digits held out in the twelve roles: {roles} (split held-out shows them)"],
        )
        manifest = assemble(self.name, self.entry, root, findings, partial=partial, progress=progress)
        caveat = CAVEATS.get(source, "")
        # A flip or a crop would make captions about left and top untrue.
        return dataclasses.replace(
            manifest, whole=True, caveats=(*manifest.caveats, *((f"{self.name}: {caveat}",) if caveat else ()))
        )


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is missing or damaged: delete its folder and ask again.") from error
