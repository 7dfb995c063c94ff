"""Drawing and reading MNIST with captions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.reading.text import parse_json, read_text, text_lines
from t2ibench.core.spec.benchmarks import DatasetEntry, Value
from t2ibench.data.adapter import checked_options, chosen
from t2ibench.data.assembly import Findings, Row, assemble
from t2ibench.data.manifest import Manifest
from t2ibench_simulations.drawn_folder import clear_other
from t2ibench_simulations.mnist_captions.digits import CAVEATS, DRAWN, MNIST, OFFLINE
from t2ibench_simulations.mnist_captions.idx import find_mnist, mnist_files
from t2ibench_simulations.mnist_captions.make import CAPTIONS, SUMMARY, VERSION, make_mnist_captions, read_drawing
from t2ibench_simulations.mnist_captions.scenes import SIDE

_DEFAULTS: Final[dict[str, Value]] = {"images": 6000, "seed": 0, "digits": DRAWN}
_SCENES: Final = "of-mnist"
"""Begins the name of the folder, in the workspace, of scenes made of MNIST's files."""


class MNISTCaptions:
    """Adapter of scenes of digits, which are drawn here.

    Without files, digits come from the option `digits`: "drawn" by code, or "scikit-learn". With
    `--data-root` at MNIST's files (torchvision's download among them) they are MNIST's; the scenes made of them lie in
    the workspace, not there.

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

    def draw(self, root: Path, settings: Mapping[str, int], *, replace: bool) -> None:
        """Draw the scenes into `root`, unless just these are there already; see `DrawnDataset`.

        Raises:
            UserError: the settings make no sense, `root` holds something else, or scikit-learn is asked for and absent.
        """
        wanted = self.drawing(settings)
        if replace:
            clear_other(root / SUMMARY, wanted)
        make_mnist_captions(root, wanted)

    def place_of(self, root: Path, home: Path) -> Path:
        """Return where scenes are made of the files of MNIST in `root`; `root` itself where it holds scenes or neither.

        Raises:
            UserError: a file of MNIST is missing, or an option does not fit.
        """
        mnist = None if (root / SUMMARY).is_file() else find_mnist(root)
        if mnist is None:
            return root
        files = [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in mnist_files(mnist)]
        return home / f"{_SCENES}-{digest_of([self._of_mnist(), files])[:12]}"

    def make(self, root: Path, place: Path) -> None:
        """Make the scenes of MNIST's files in `place`, unless they are there already; see `MadeOfFiles`.

        Raises:
            UserError: a file of MNIST is missing or damaged.
        """
        make_mnist_captions(place, self._of_mnist(), mnist=find_mnist(root))

    def _of_mnist(self) -> dict[str, Value]:
        return {**self.drawing({}), "digits": MNIST}

    def read(self, root: Path, *, partial: bool = False) -> Manifest:
        """Return the manifest of scenes under `root`.

        Raises:
            MissingImagesError: scenes are missing, and `partial` is not set.
            UserError: there are no scenes, or they are damaged.
        """
        if not (root / SUMMARY).is_file():
            raise UserError(
                f"{root} holds neither {SUMMARY} nor MNIST's train-images-idx3-ubyte (or .gz). Name a folder with one "
                "of them, or leave the folder out: digits are drawn by code then."
            )
        drawn = read_drawing(root)
        rows = [
            Row(
                id=str(Path(line["file"]).with_suffix("").as_posix()),
                path=root / line["file"] if (root / line["file"]).is_file() else None,
                split=line["split"],
                captions=tuple(line["captions"]),
                class_id=line["content"],
            )
            for line in _lines(root / CAPTIONS)
        ]
        source = str(drawn.settings["digits"])
        roles = ", ".join(map(str, drawn.bans))
        findings = Findings(
            rows=rows,
            where=str(root / CAPTIONS),
            advice=f"Delete {root} and ask again.",
            sources=[root / SUMMARY, root / CAPTIONS],
            found=[f"digits: {source}", f"digits held out in the twelve roles: {roles} (split held-out shows them)"],
        )
        manifest = assemble(self.name, self.entry, root, findings, partial=partial)
        caveat = CAVEATS.get(source, "")
        # A flip or a crop would make captions about left and top untrue.
        return dataclasses.replace(
            manifest, whole=True, caveats=(*manifest.caveats, *((f"{self.name}: {caveat}",) if caveat else ()))
        )


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [parse_json(line) for _, line in text_lines(read_text(path, what="the captions"))]
    except (UserError, ValueError) as error:
        raise UserError(f"{path} is missing or damaged: delete its folder and ask again.") from error
