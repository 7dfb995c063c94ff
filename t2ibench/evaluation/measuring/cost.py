"""What a model took to be there: its size, the images it was shown, the time of its training, by its folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open

from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.images.sources import ModelCost
from t2ibench.models.folder import ModelFolder, is_model_folder, read_model_folder
from t2ibench.models.shipped import is_shipped, seconds_of
from t2ibench.training.measured_time import training_seconds

_NO_PARAMETERS: Final = ("running_mean", "running_var", "num_batches_tracked")
"""Names of tensors that are counted from images instead of learned."""


def cost_of(folder: ModelFolder, workspace: Workspace) -> ModelCost:
    """Return a model's cost; what its folder and run do not tell is None.

    A model around another one learned nothing itself: its images and seconds are the other's.

    Args:
        folder: of the model.
        workspace: where the other one may lie.
    """
    size = parameters_in(folder.path / "weights.safetensors")
    found = folder.description
    if found.imported:
        return ModelCost(size, None, None)
    if found.wrapped is not None:
        inner = found.wrapped
        runs = workspace.runs / inner.label.replace(":", "--") / found.dataset
        there = [path for path in runs.glob(f"*/model/step-{inner.steps:06d}") if is_model_folder(path)]
        same = [path for path in there if read_model_folder(path, verify=False).identity == inner.identity]
        seconds = training_seconds(same[0].parent.parent, inner.steps) if same else None
        return ModelCost(size, images_shown(inner.steps, inner.parameters), seconds)
    seconds = seconds_of(folder) if is_shipped(folder) else training_seconds(folder.path.parent.parent, found.steps)
    return ModelCost(size, images_shown(found.steps, found.parameters), seconds)


def images_shown(steps: int, parameters: Mapping[str, Any]) -> int | None:
    """Return how many images a training has shown a model; None where its batches are not all of one size."""
    sizes = {value for name, value in parameters.items() if name.endswith("batch_size") and value is not None}
    return steps * sizes.pop() if len(sizes) == 1 else None


def parameters_in(path: Path) -> int | None:
    """Return how many numbers a file of weights holds, running statistics apart; None where it is no safetensors file.

    Only its header is read.
    """
    try:
        with safe_open(path, framework="np") as file:
            learned = [name for name in file.keys() if not name.endswith(_NO_PARAMETERS)]  # noqa: SIM118  # no mapping
            shapes = [file.get_slice(name).get_shape() for name in learned]
    except (OSError, SafetensorError):
        return None
    return sum(math.prod(shape) for shape in shapes) if shapes else None
