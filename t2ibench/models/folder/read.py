"""Reading what a model folder says, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, read_json
from t2ibench.core.interfaces import ReadsDataFiles
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import describe
from t2ibench.core.storage.folders import MANIFEST, fault_of
from t2ibench.core.types import ModelCard
from t2ibench.models.folder.description import SCHEMA, ModelDescription, WrappedDescription

WEIGHTS: Final = "weights.safetensors"
DESCRIPTION: Final = "model.json"
VOCABULARY: Final = "vocabulary.json"
WRAPPED: Final = "wrapped/"
"""Begins the names of a wrapped model's networks and vocabularies; alone, it names the words of its captions."""
GENERATION_VERSION: Final = 1
"""Raised by hand whenever a change outside a plug-in could move the images made with the same weights."""


@dataclass(frozen=True)
class ModelFolder:
    """A model on disk.

    Attributes:
        path: the folder.
        description: the content of model.json.
        weights: SHA-256 of the weights file.
        identity: digest of all that its images depend on besides the plan: weights, plug-in, parameters, vocabulary.
    """

    path: Path
    description: ModelDescription
    weights: str
    identity: str

    @property
    def name(self) -> str:
        """The name, without the variant."""
        return self.description.name

    @property
    def variant(self) -> str:
        """The variant, "" for none."""
        return self.description.variant

    @property
    def label(self) -> str:
        """The name with its variant."""
        return self.description.label

    @property
    def dataset(self) -> str:
        """The data set it learned from."""
        return self.description.dataset

    @property
    def steps(self) -> int:
        """Its training steps; 0 for a model that was only initialised."""
        return self.description.steps

    @property
    def card(self) -> ModelCard:
        """Title, paper, licence, origin."""
        return self.description.card

    @property
    def parameters(self) -> Mapping[str, Any]:
        """All of the plug-in's parameters."""
        return self.description.parameters

    def as_wrapped(self) -> WrappedDescription:
        """Return what a model around this one keeps of its description."""
        found = self.description
        return WrappedDescription(
            plugin=found.plugin,
            label=found.label,
            parameters=found.parameters,
            encoders=found.encoders,
            steps=found.steps,
            identity=self.identity,
        )

    @cached_property
    def _vocabularies(self) -> Mapping[str, Any]:
        content = read_json(self.path / VOCABULARY, what="the vocabulary of a model")
        if not isinstance(content, dict) or not isinstance(content.get("words"), list):
            raise UserError(f"{self.path / VOCABULARY} is not a vocabulary; export or import the model again.")
        return content

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words, in the order of their indices."""
        return tuple(self._vocabularies["words"])

    def encoder_vocabulary(self, name: str) -> tuple[str, ...]:
        """Return the words of one of its encoders, the model's own unless they were stored apart."""
        return tuple(self._vocabularies.get("encoders", {}).get(name, self._vocabularies["words"]))


def is_model_folder(path: Path) -> bool:
    """Return whether a path looks like a model folder; what is in it is not checked."""
    return (path / DESCRIPTION).is_file()


def read_model_folder(path: Path, *, verify: bool = True) -> ModelFolder:
    """Return what a model folder says.

    Args:
        path: the folder.
        verify: compare the digests of its files; False compares sizes only, which is enough for a list of models.

    Raises:
        UserError: it is no model folder, or a file in it is missing, truncated or changed.
    """
    if not is_model_folder(path):
        raise UserError(
            f"{path} is not a model folder: {DESCRIPTION} is missing. `t2ibench train` writes such folders under "
            "the workspace's runs/."
        )
    fault = fault_of(path, deep=verify)
    if fault:
        raise UserError(
            f"The model in {path} cannot be used: {fault}. Delete the folder and train, import or copy it again."
        )
    content = read_json(path / DESCRIPTION, what="the description of a model")
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise UserError(
            f"{path / DESCRIPTION} is of schema {schema}, and this version of t2ibench reads {SCHEMA}: train or import "
            "the model again."
        )
    try:
        description = ModelDescription.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path / DESCRIPTION}: {describe(error)}") from error
    files = read_json(path / MANIFEST, what="the digests of the model's files")["files"]
    if WEIGHTS not in files or VOCABULARY not in files:
        raise UserError(f"{path} lists no {WEIGHTS} or no {VOCABULARY}; train, import or copy the model again.")
    weights = files[WEIGHTS]["sha256"]
    wrapped = description.wrapped
    identity = digest_of(
        {
            "generation": GENERATION_VERSION,
            "kind": description.kind,
            "plugin": description.plugin,
            "parameters": dict(description.parameters),
            "encoders": {name: [one.plugin, dict(one.parameters)] for name, one in description.encoders.items()},
            "weights": weights,
            "vocabulary": files[VOCABULARY]["sha256"],
            **({} if wrapped is None else {"wrapped": wrapped.model_dump(mode="json", exclude={"label", "steps"})}),
        }
    )
    return ModelFolder(path, description, weights, identity)


def unrecorded_files(folder: ModelFolder, data_root: Path | None) -> dict[str, Any]:
    """Return what the identity of images needs besides the folder's own: encoder -> digests of files it would read.

    A model that was trained here has the digests of its encoders' files among their parameters. One that was imported
    has none, so its images depend on the files that happen to be there. Empty for all other models.

    Args:
        folder: the model.
        data_root: folder of the data set's files; None leaves the files unknown.
    """
    found: dict[str, Any] = {}
    for name, encoder in folder.description.encoders.items():
        # Only plug-ins with this parameter are loaded: most encoders would bring torch along.
        if encoder.parameters.get("digests") != {} or data_root is None:
            continue
        plugin = registry("encoders")[encoder.plugin]
        if isinstance(plugin, ReadsDataFiles):
            try:
                given = plugin.with_files(plugin.Parameters.model_validate(dict(encoder.parameters)), data_root)  # type: ignore[attr-defined]
                found[name] = dict(given.digests)
            except UserError:  # told with the first image, which needs the files
                found[name] = "missing"
    return {"data files": found} if found else {}
