"""Small measurements while a model trains, and the weights that did best in one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from torch import Tensor

from t2ibench.core.errors import RunFailedError
from t2ibench.core.files import read_json
from t2ibench.core.storage.folders import MANIFEST, complete_folder, fault_of, remove_leftovers
from t2ibench.core.storage.named_tensors import write_tensors

_WEIGHTS: Final = "weights.safetensors"


@dataclass(frozen=True)
class QuickMetrics:
    """What is measured while a model trains.

    Attributes:
        every: steps between measurements.
        measure: given the device, returns name -> value of the weights that are in the model, the averaged ones.
        best_of: the name whose best weights are exported; "" exports the last ones.
        higher: whether a higher value of it is better.
    """

    every: int
    measure: Callable[[torch.device], Mapping[str, float]]
    best_of: str = ""
    higher: bool = True


class Best:
    """The best/ folder of a run: the weights to export that did best so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def offer(self, step: int, quick: QuickMetrics, value: float, tensors: Mapping[str, Tensor]) -> bool:
        """Return whether the value is the best so far; the tensors are kept then. Equal to the best is not better.

        Raises:
            UserError: the folder cannot be written.
            RunFailedError: the disk is full.
        """
        remove_leftovers(self.folder.parent)
        facts = self.facts()
        if facts:
            before = float(facts["value"])
            if not (value > before if quick.higher else value < before):
                return False
        kept = {"step": step, "metric": quick.best_of, "value": value}
        with complete_folder(self.folder, what="the best weights so far", facts=kept) as temporary:
            write_tensors(temporary / _WEIGHTS, tensors)
        return True

    def facts(self) -> dict[str, Any]:
        """Return step, metric and value; empty while there is none, or where it is damaged."""
        if fault_of(self.folder):
            return {}
        content = read_json(self.folder / MANIFEST, what="which weights did best")
        return {name: content[name] for name in ("step", "metric", "value")}

    def load(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return the tensors and the facts.

        Raises:
            RunFailedError: they are gone or damaged.
        """
        facts = self.facts()
        if not facts:
            raise RunFailedError(
                f"The best weights of the run, {self.folder}, are {fault_of(self.folder) or 'gone'}. Delete the run's "
                "folder to train anew."
            )
        return load_file(self.folder / _WEIGHTS), facts
