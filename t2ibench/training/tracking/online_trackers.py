"""Losses and images of a run to wandb or trackio, which share one interface; imported only where asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError, require_known

PROJECT: Final = "t2ibench"
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
        self._module.init(project=PROJECT, name=run.name, config=dict(run.config), resume="allow", **own)

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
