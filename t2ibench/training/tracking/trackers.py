"""Where losses and images of a run are written: JSON lines always, and TensorBoard, wandb or trackio.

wandb and trackio share one interface; they are imported only where asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final, Protocol

import numpy as np

from t2ibench.core.errors import RunFailedError, UserError, require_known
from t2ibench.core.files import json_line, write_text
from t2ibench.core.reading.text import parse_json, text_lines

_PROJECT: Final = "t2ibench"
TRACKERS: Final = ("tensorboard", "wandb", "trackio")


@dataclass(frozen=True)
class RunName:
    """What a run is called elsewhere.

    Attributes:
        name: unique, as in "attngan-simbirds-1f3a5c7e9b2d": the same run goes on under it.
        config: its spec as JSON values.
    """

    name: str
    config: Mapping[str, Any]


class OnlineTracker:
    """A run of wandb or of trackio. Asked again it goes on; what was logged past the checkpoint stays there.

    Args:
        module: "wandb" or "trackio".
        folder: for the module's own files.
        run: its name and spec.
    """

    def __init__(self, module: str, folder: Path, run: RunName) -> None:
        self._module: Any = import_module(module)
        own: dict[str, Any] = {"dir": str(folder), "id": run.name} if module == "wandb" else {}
        self._module.init(project=_PROJECT, name=run.name, config=dict(run.config), resume="allow", **own)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Log the values."""
        self._module.log(dict(values), step=step)

    def image(self, step: int, path: Path) -> None:
        """Log the image."""
        self._module.log({"samples": self._module.Image(str(path))}, step=step)

    def close(self) -> None:
        """Finish the run."""
        self._module.finish()


def check_trackers(names: Sequence[str]) -> None:
    """Check that all trackers named are known and installed.

    Raises:
        UserError: one is not.
    """
    for name in names:
        require_known("tracker", TRACKERS, name)
        if find_spec(name) is None:
            raise UserError(f"--track {name} was asked for, but {name} is not installed: pip install {name}.")


class Tracker(Protocol):
    """Something that is told how a run goes. Steps are counted from 1: "after this many steps"."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Take the mean losses of the steps since the last call."""
        ...

    def image(self, step: int, path: Path) -> None:
        """Take note of an image that was written."""
        ...

    def close(self) -> None:
        """Write out what is left."""
        ...


class JsonLinesTracker:
    """One JSON object a line: "step" and the values. Lines past `first` are cut off, so that no step occurs twice."""

    def __init__(self, path: Path, first: int) -> None:
        self._path = path
        _cut(path, first)
        self._file: IO[str] = path.open("a", encoding="utf-8")

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Append a line.

        Raises:
            RunFailedError: the disk is full.
        """
        try:
            short = {name: float(f"{value:.6g}") for name, value in values.items()}
            self._file.write(json_line({"step": step, **short}))
            self._file.flush()
        except OSError as error:
            raise RunFailedError(
                f"Writing {self._path} failed: {error.strerror}. Free some space and ask again: training goes on from "
                "the last checkpoint."
            ) from error

    def image(self, step: int, path: Path) -> None:
        """Do nothing: images lie beside this file."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TensorBoardTracker:
    """Scalars and sample images for TensorBoard."""

    def __init__(self, folder: Path, first: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # A resumed run hides what TensorBoard holds of steps past the checkpoint.
        self._writer: Any = SummaryWriter(str(folder), purge_step=first + 1)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add a scalar each."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def image(self, step: int, path: Path) -> None:
        """Add the image."""
        from PIL import Image

        with Image.open(path) as image:
            self._writer.add_image("samples", np.asarray(image.convert("RGB")), step, dataformats="HWC")

    def close(self) -> None:
        """Write out what is left."""
        self._writer.close()


def trackers_for(folder: Path, first: int, run: RunName, names: tuple[str, ...] | None = None) -> list[Tracker]:
    """Return the trackers of a run that goes on after `first` steps.

    Args:
        folder: of the run.
        first: steps done.
        run: what it is called elsewhere.
        names: among TRACKERS; None for TensorBoard where it is installed. JSON lines are written always.

    Raises:
        UserError: a tracker is not known or not installed.
    """
    if names is None:
        names = ("tensorboard",) if find_spec("tensorboard") is not None else ()
    online = named_trackers(folder, first, run, names)
    return [JsonLinesTracker(folder / "metrics.jsonl", first), *online]


def named_trackers(folder: Path, first: int, run: RunName, names: Sequence[str]) -> list[Tracker]:
    """Return the trackers named, each once, without JSON lines. Arguments and errors as `trackers_for`."""
    check_trackers(names)
    trackers: list[Tracker] = []
    for name in dict.fromkeys(names):
        if name == "tensorboard":
            trackers.append(TensorBoardTracker(folder / "tensorboard", first))
        else:
            trackers.append(OnlineTracker(name, folder, run))
    return trackers


def _cut(path: Path, first: int) -> None:
    """Drop lines of steps past `first`, and a line that a kill cut off."""
    if not path.exists():
        return
    kept = []
    for _, line in text_lines(path.read_text(encoding="utf-8", errors="replace")):
        try:
            if parse_json(line)["step"] <= first:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            continue
    write_text(path, "".join(f"{line}\n" for line in kept))
