"""Models that come with an installed package: trained on data drawn by code, ready without training.

A package offers them through the entry-point group `t2ibench.pretrained`: a folder of `<data set>/<model>/` model
folders, each with a `shipped.json` that says which drawing it learned from, which command made it and in what time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import read_json, write_json
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.data.adapter import DrawnDataset
from t2ibench.data.open import adapter_of
from t2ibench.models.folder import ModelFolder, is_model_folder, read_model_folder

NOTICE: Final = "shipped.json"
MARK: Final = "shipped:"
"""Begins the identity that a training spec has for a shipped encoder."""


def shipped_models(benchmarks: Benchmarks, dataset: str | None = None) -> list[ModelFolder]:
    """Return the shipped models and encoders that fit benchmarks.toml, in alphabetical order.

    A model fits if its data set is drawn today just as it was for its training (adapter, options, drawing version).

    Args:
        benchmarks: content of benchmarks.toml.
        dataset: only models of this data set; None for all.
    """
    found = []
    for name in registry("pretrained"):
        for path in sorted(Path(registry("pretrained")[name]).glob("*/*")):
            wanted = path.parent.name
            if dataset not in (None, wanted) or not is_model_folder(path):
                continue
            notice = read_json(path / NOTICE, what="the notice of a shipped model")
            if drawing_of(wanted, benchmarks) == notice["drawing"]:
                found.append(read_model_folder(path, verify=False))
    return found


def is_shipped(folder: ModelFolder) -> bool:
    """Return whether a model folder came with a package."""
    return (folder.path / NOTICE).is_file()


def shipped_by_identity(identity: str, benchmarks: Benchmarks) -> ModelFolder:
    """Return the shipped model that a training spec names by "shipped:<identity>".

    Raises:
        UserError: the installed packages do not hold it (any more).
    """
    for model in shipped_models(benchmarks):
        if MARK + model.identity == identity:
            return model
    raise UserError(
        f"The shipped encoder {identity.removeprefix(MARK)[:12]} that the model was trained with is not in the "
        "installed version of t2ibench. Install the version it was trained with, or train the model again."
    )


def drawing_of(dataset: str, benchmarks: Benchmarks) -> Mapping[str, Any] | None:
    """Return all that a drawn data set depends on; None where it is not drawn, unknown or without its package."""
    entry = benchmarks.datasets.get(dataset)
    if entry is None or entry.adapter not in registry("datasets"):
        return None
    adapter = adapter_of(dataset, benchmarks)
    if not isinstance(adapter, DrawnDataset):
        return None
    return {"adapter": entry.adapter, **adapter.drawing({})}


def seconds_of(folder: ModelFolder) -> float | None:
    """Return how long a shipped model's training took; None where its notice does not say."""
    found = read_json(folder.path / NOTICE, what="the notice of a shipped model").get("seconds")
    return None if found is None else float(found)


def write_notice(folder: Path, drawing: Mapping[str, Any], command: str, seconds: float | None) -> None:
    """Write the notice that makes a model folder a shipped one; `seconds` are its training's, None for unknown."""
    write_json(folder / NOTICE, {"drawing": dict(drawing), "command": command, "seconds": seconds})
