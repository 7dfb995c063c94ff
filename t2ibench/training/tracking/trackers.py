"""Where losses and images of a run are written: JSON lines always, and TensorBoard, wandb or trackio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from t2ibench.core.errors import RunFailedError
from t2ibench.core.files import json_line, write_text
from t2ibench.core.reading.text import parse_json, text_lines
from t2ibench.training.tracking.online_trackers import OnlineTracker, RunName, check_trackers


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
