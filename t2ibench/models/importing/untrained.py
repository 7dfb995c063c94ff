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
from t2ibench.models.folder.read import WEIGHTS
from t2ibench.models.official.networks import slots_of

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
    classes = {}
    for name, encoder in description.encoders.items():
        encoder_class = registry("encoders")[encoder.plugin]
        classes[name] = (encoder_class, encoder_class.Parameters.model_validate(dict(encoder.parameters)))
    slots = slots_of(plugin, parameters, folder.vocabulary, classes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(0, "initialisation"))
        encoders = {
            name: encoder_class.build(given, BuildContext("generate", folder.encoder_vocabulary(name)))
            for name, (encoder_class, given) in classes.items()
        }
        model = plugin.build(parameters, BuildContext("train", folder.vocabulary, encoders))
        tensors = load_file(folder.path / WEIGHTS)  # the encoders' networks stay as they are
        own = {name: network for name, network in model.exported().items() if not slots[name].owner}
        tensors |= state_of_networks(own)
    card = dataclasses.replace(
        plugin.card(), title=description.card.title, origin=Origin.RETRAINED, trained_with=description.card.trained_with
    )
    twin = description.model_copy(update={"card": card, "originals": {}})
    return write_model_folder(path, twin, tensors, folder.vocabulary).path
