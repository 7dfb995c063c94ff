"""What an import is about: the request, the models and encoders it makes, and the plan of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from t2ibench.models.folder import ModelFolder
from t2ibench.models.importing.sources import Source


@dataclass(frozen=True)
class ImportRequest:
    """What a user asks for.

    Attributes:
        model: "attngan", "attngan:dcgan", or an encoder.
        files: official files in any order; their content tells what they are.
        captions: the captions.pickle; None looks for it.
        text_encoder: a file that must be a text encoder; None looks for one where it is needed.
        image_encoder: a file that must be an image encoder.
        dataset: data set it belongs to; None as the shapes tell.
        name: of the model in the workspace; None keeps `model`.
        variant: of benchmarks.toml; "" as the shapes tell.
        licence: of the weights; None as the plug-in says.
    """

    model: str
    files: tuple[Path, ...]
    captions: Path | None = None
    text_encoder: Path | None = None
    image_encoder: Path | None = None
    dataset: str | None = None
    name: str | None = None
    variant: str = ""
    licence: str | None = None


@dataclass(frozen=True)
class Part:
    """A model or encoder to be imported.

    Attributes:
        kind: "model" or "encoder".
        plugin_name: registered name.
        plugin: the class.
        label: name in the workspace, with the variant.
        title: display name.
        licence: of the weights.
        parameters: checked.
        sources: network -> file.
        needed: networks that its folder holds.
        folder: an imported encoder that is in the workspace already, in place of files.
    """

    kind: Literal["model", "encoder"]
    plugin_name: str
    plugin: Any
    label: str
    title: str
    licence: str
    parameters: Any
    sources: Mapping[str, Source] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    folder: ModelFolder | None = None

    @property
    def complete(self) -> bool:
        """Whether there is a file for every network that its folder holds."""
        return all(network in self.sources for network in self.needed)


@dataclass
class Imported:
    """What came of an import.

    Attributes:
        facts: sentences about what was found where and recognised, in order.
        warnings: sentences a user must see.
        folders: (label, model folder, whether it was there before), encoders first.
    """

    facts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    folders: list[tuple[str, Path, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class ImportPlan:
    """An import, ready to be carried out.

    Attributes:
        target: what was asked for.
        encoders: name -> encoder that the target needs.
        dataset: data set it belongs to.
        words: the vocabulary; empty where no text encoder is imported.
        captions: the file the words are from; None where they are from the workspace.
    """

    target: Part
    encoders: Mapping[str, Part]
    dataset: str
    words: tuple[str, ...]
    captions: Path | None
