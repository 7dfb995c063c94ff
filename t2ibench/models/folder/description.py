"""The content of model.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field

from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.core.types import ModelCard, Origin

SCHEMA: Final = 2
"""Of model.json: raised when what it says, or how, changes; others are refused."""


class EncoderDescription(Frozen):
    """An encoder that a model was trained with.

    Attributes:
        plugin: registered name.
        parameters: all of the plug-in's parameters.
        trained: identity in the training spec, "<spec digest>@<steps>", or the folder's identity if it was imported.
        identity: of the encoder's folder.
        weights: SHA-256 of the encoder's weights.safetensors.
    """

    plugin: str
    parameters: Mapping[str, Any]
    trained: str
    identity: str
    weights: str


class WrappedDescription(Frozen):
    """What building a wrapped model again needs: all but its weights, which lie with those of the model around it.

    Attributes:
        plugin: its registered name.
        label: its name with its variant.
        parameters: all of them, defaults filled in.
        encoders: by name, as in ModelDescription.
        steps: its training steps.
        identity: of its own folder.
    """

    plugin: str
    label: str
    parameters: Mapping[str, Any]
    encoders: Mapping[str, EncoderDescription] = Field(default_factory=dict)
    steps: int = Field(ge=0)
    identity: str


class ModelDescription(Frozen):
    """What a model folder says about itself.

    Attributes:
        kind: "model" or "encoder".
        plugin: registered name.
        name: as in benchmarks.toml, without the variant.
        variant: "" for none.
        parameters: all of the plug-in's parameters.
        dataset: data set it learned from.
        manifest: digest of that data set's manifest.
        steps: training steps; 0 for a model that was only initialised.
        seed: of its training.
        spec: digest of its training spec; "" for imported weights.
        encoders: by name, what building the model again needs of them.
        originals: file name -> SHA-256 of the official files it was converted from; empty for a trained model.
        card: title, paper, licence, origin.
        created: UTC time of writing.
        environment: where it was trained, see `provenance.environment`.
        wrapped: the trained model that it makes its images with; None for all but models around another.
        selected: step, metric and value, where the weights are not those after the last step but those that did best.
    """

    schema_: Literal[2] = Field(default=2, alias="schema")
    kind: Literal["model", "encoder"]
    plugin: str
    name: str
    variant: str = ""
    parameters: Mapping[str, Any]
    dataset: str
    manifest: str = ""
    steps: int = Field(ge=0)
    seed: int = 0
    spec: str = ""
    encoders: Mapping[str, EncoderDescription] = Field(default_factory=dict)
    originals: Mapping[str, str] = Field(default_factory=dict)
    card: ModelCard
    created: str = ""
    environment: Mapping[str, Any] = Field(default_factory=dict)
    wrapped: WrappedDescription | None = None
    selected: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def imported(self) -> bool:
        """Whether these are weights of the official code; such models have no steps of ours."""
        return self.card.origin is Origin.OFFICIAL_WEIGHTS

    @property
    def learned(self) -> bool:
        """Whether it is more than initial weights: trained here, imported, or around a model that is."""
        return self.steps > 0 or self.imported or self.wrapped is not None

    @property
    def label(self) -> str:
        """The name with its variant, as in "attngan:attngan1"."""
        return f"{self.name}:{self.variant}" if self.variant else self.name
