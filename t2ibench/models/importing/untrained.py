"""The untrained twin of imported weights: the same networks before their first step."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from t2ibench.core.interfaces import BuildContext
from t2ibench.core.noise import seed_of
from t2ibench.core.registry import registry
from t2ibench.core.storage.named_tensors import state_of_networks
from t2ibench.core.types import Origin
from t2ibench.models.folder import ModelFolder, is_model_folder, write_model_folder
from t2ibench.models.folder.load import encoders_of
from t2ibench.models.folder.read import WEIGHTS

_PLACE: Final = "untrained"
"""Beside the folder `model`, where searches by name do not look."""


def twin_of_imported(folder: ModelFolder) -> Path:
    """Return the model folder of an imported model's untrained twin, made now unless it is there.

    Same plug-in, parameters, words and text encoder; the networks that learn are initialised anew, with seed 0. Which
    initial weights the authors began with is not known.
    """
    path = folder.path.parent.parent / _PLACE / folder.path.name
    if is_model_folder(path):
        return path

    import torch
    from safetensors.torch import load_file

    description = folder.description
    plugin = registry("models")[description.plugin]
    parameters = plugin.Parameters.model_validate(dict(description.parameters))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(0, "initialisation"))
        encoders = encoders_of(folder, description.encoders)
        model = plugin.build(parameters, BuildContext("train", folder.vocabulary, encoders))
        theirs = {id(network) for encoder in encoders.values() for network in encoder.exported().values()}
        own = {name: network for name, network in model.exported().items() if id(network) not in theirs}
        # The encoders' networks stay as they are.
        tensors = load_file(folder.path / WEIGHTS) | state_of_networks(own)
    card = dataclasses.replace(
        plugin.card(), title=description.card.title, origin=Origin.RETRAINED, trained_with=description.card.trained_with
    )
    twin = description.model_copy(update={"card": card, "originals": {}})
    return write_model_folder(path, twin, tensors, folder.vocabulary).path
