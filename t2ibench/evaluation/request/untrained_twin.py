"""The "untrained" control: a model before its first step; of imported weights, the same networks before theirs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import read_json
from t2ibench.core.interfaces import BuildContext
from t2ibench.core.noise import seed_of
from t2ibench.core.place import Place
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import TrainingSpec
from t2ibench.core.storage.named_tensors import state_of_networks
from t2ibench.core.types import Origin
from t2ibench.data.open import open_dataset
from t2ibench.models.folder import (
    EncoderDescription,
    ModelFolder,
    is_model_folder,
    read_model_folder,
    write_model_folder,
)
from t2ibench.models.folder.load import encoders_of
from t2ibench.models.folder.read import WEIGHTS
from t2ibench.models.shipped import MARK, is_shipped, shipped_by_identity
from t2ibench.training.checkpoints.run_folder import RunFolder
from t2ibench.training.request import Job
from t2ibench.training.train import train_job

_PLACE: Final = "untrained"
"""Beside the folder `model`, where searches by name do not look."""


def untrained_twin(folder: ModelFolder, place: Place) -> Path:
    """Return the folder of the same model before its first step: the "untrained" control.

    Same spec, same initial weights, same encoders. It lies beside the trained one. Of imported weights it is the same
    network with initial weights of ours.

    Raises:
        UserError: the model was not trained here, or its encoder is gone.
    """
    if folder.description.wrapped is not None:
        raise UserError(f"{folder.label} learns nothing itself, so it has no untrained twin.")
    if folder.description.imported:
        return _twin_of_imported(folder)
    spec, run = _shipped_run(folder, place) if is_shipped(folder) else _run_of(folder)
    job = Job(spec, 0, folder.steps, run, folder.card.title)
    if job.done:
        return job.exported
    found = folder.description.encoders.items()
    encoders = {name: encoder_folder(place, name, spec.dataset, encoder) for name, encoder in found}
    manifest = open_dataset(spec.dataset, place.benchmarks, place.workspace)
    with job.folder.locked():
        if not job.done:
            import torch

            train_job(job, manifest, encoders, torch.device("cpu"))
    return job.exported


def _run_of(folder: ModelFolder) -> tuple[TrainingSpec, RunFolder]:
    path = folder.path.parent.parent
    spec_path = path / "spec.json"
    if not folder.description.spec or not spec_path.is_file():
        raise UserError(
            f"{folder.label} in {folder.path} was not trained in this workspace, so it has no untrained twin."
        )
    spec = TrainingSpec.model_validate(read_json(spec_path, what="the spec of a run"))
    return spec, RunFolder(path, spec)


def _shipped_run(folder: ModelFolder, place: Place) -> tuple[TrainingSpec, RunFolder]:
    found = folder.description
    spec = TrainingSpec(
        kind=found.kind,
        name=found.name,
        variant=found.variant,
        plugin=found.plugin,
        parameters=found.parameters,
        dataset=found.dataset,
        manifest=found.manifest,
        encoders={name: encoder.trained for name, encoder in found.encoders.items()},
        seed=found.seed,
    )
    return spec, RunFolder.of(spec, place.workspace)


def encoder_folder(place: Place, name: str, dataset: str, encoder: EncoderDescription) -> ModelFolder:
    """Return the encoder that a model was trained with.

    Raises:
        UserError: it is not in the workspace any more.
    """
    if encoder.trained.startswith(MARK):
        return shipped_by_identity(encoder.trained, place.benchmarks)
    digest, _, steps = encoder.trained.partition("@")
    path = place.workspace.runs / name / dataset / digest[:12] / "model" / f"step-{int(steps or 0):06d}"
    if not path.is_dir():
        raise UserError(
            f"The encoder {name} that the model was trained with is not in {path} any more; train it again."
        )
    return read_model_folder(path)


def _twin_of_imported(folder: ModelFolder) -> Path:
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
        with torch.device("meta"):  # DAMSM makes its image encoder only here, where none of its numbers is needed
            theirs = {id(network) for encoder in encoders.values() for network in encoder.exported().values()}
        own = {name: network for name, network in model.exported().items() if id(network) not in theirs}
        # The encoders' networks stay as they are.
        tensors = load_file(folder.path / WEIGHTS) | state_of_networks(own)
    card = dataclasses.replace(
        plugin.card(), title=description.card.title, origin=Origin.RETRAINED, trained_with=description.card.trained_with
    )
    twin = description.model_copy(update={"card": card, "originals": {}})
    return write_model_folder(path, twin, tensors, folder.vocabulary).path
