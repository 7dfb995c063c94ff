"""Which networks a model folder of a plug-in holds, and what fills them: built without memory, on the meta device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.interfaces import BuildContext
from t2ibench.text.vocabulary import END

if TYPE_CHECKING:
    from torch import Tensor

PLACEHOLDERS: Final = (END, "word")
"""A made-up vocabulary, for shapes alone."""


@dataclass(frozen=True)
class Slot:
    """A network of a model folder, to be filled.

    Attributes:
        owner: name of the encoder it belongs to, "" for the model's own.
        network: its name there, as a plug-in's `recognise` says it.
        state: key -> tensor without content, of the right shape and number type.
        parameters: how many numbers of it can learn.
    """

    owner: str
    network: str
    state: Mapping[str, Tensor]
    parameters: int


def slots_of(
    plugin: Any, parameters: Any, encoders: Mapping[str, tuple[Any, Any]], words: Sequence[str] = PLACEHOLDERS
) -> dict[str, Slot]:
    """Return the networks that a model folder of a plug-in holds, by their name in it.

    Args:
        plugin: class of the model or encoder.
        parameters: its parameters.
        encoders: name -> (class, parameters) of the encoders it needs.
        words: the vocabulary; made-up ones do where its size does not matter.
    """
    import torch

    with torch.device("meta"), torch.random.fork_rng(devices=[]):
        built = {
            name: encoder.build(given, BuildContext("generate", words)) for name, (encoder, given) in encoders.items()
        }
        model = plugin.build(parameters, BuildContext("generate", words, built))
        owners = {
            id(module): (name, network)
            for name, encoder in built.items()
            for network, module in encoder.exported().items()
        }
        slots = {}
        for name, module in model.exported().items():
            owner, network = owners.get(id(module), ("", name))
            count = sum(parameter.numel() for parameter in module.parameters())
            slots[name] = Slot(owner, network, module.state_dict(), count)
    return slots
