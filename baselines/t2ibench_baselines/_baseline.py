"""What our models do alike as plug-ins, unless they say otherwise."""

from __future__ import annotations

import tomllib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any, TypeVar

from torch.nn import Module

from t2ibench.core.interfaces import BuildContext
from t2ibench.core.plain_trainable import PlainTrainable
from t2ibench.core.types import DataRequest, ModelCard, Origin

D = TypeVar("D", bound=Module)


class Baseline(PlainTrainable):
    """A model with a card.toml beside its code."""

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper, licence and notes, from the card.toml of the class, else of its base."""
        packages = (one.__module__.rpartition(".")[0] for one in cls.__mro__)
        card = next(file for package in packages if package and (file := files(package) / "card.toml").is_file())
        content = tomllib.loads(card.read_text(encoding="utf-8"))
        return ModelCard(
            title=content["title"],
            paper=content["paper"],
            licence=content["licence"],
            origin=Origin.RETRAINED,
            notes=tuple(content["notes"]),
        )

    @abstractmethod
    def exported(self) -> Mapping[str, Module]:
        """Return what makes images."""

    def data_request(self: Any) -> DataRequest:
        """Return images of one resolution."""
        return DataRequest((self.parameters.resolution,), self.parameters.batch_size)


def discriminators_for(
    context: BuildContext,
    generator: Module,
    resolutions: Iterable[int],
    make: Callable[[int], D],
    initialise: Callable[[Module], None],
) -> dict[int, D]:
    """Return resolution -> discriminator, all networks initialised; {} for "generate", the weights to be loaded."""
    if context.purpose == "generate":
        return {}
    discriminators = {resolution: make(resolution) for resolution in resolutions}
    initialise(generator)
    for discriminator in discriminators.values():
        initialise(discriminator)
    return discriminators
