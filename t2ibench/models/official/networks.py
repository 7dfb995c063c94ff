"""Which networks a model folder of a plug-in holds, and what fills them: every name and shape must agree.

They are built without memory, on the meta device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext
from t2ibench.core.reading.state_dict import faults_of, kind_of
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


_FULL: Final = 4
"""Bytes of a number of full precision."""


@dataclass(frozen=True)
class Fitted:
    """A state dict that fills its network.

    Attributes:
        state: key -> tensor, under our names, in the network's order and number types.
        filled: how many counters of batch normalisation the file lacked; they are 0.
        not_finite: keys of tensors that hold NaN or infinity.
        rounded: number types of fewer bits than the network's, as in "float16" -> how many tensors came in it.
    """

    state: Mapping[str, Tensor]
    filled: int
    not_finite: tuple[str, ...]
    rounded: Mapping[str, int]


def convert(plugin: Any, network: str, tensors: Mapping[str, Tensor], where: str) -> Mapping[str, Tensor]:
    """Return the state dict under our names.

    Args:
        plugin: the class that recognised it.
        network: which of its networks.
        tensors: under the official names.
        where: the file, for errors.

    Raises:
        UserError: a tensor that the conversion needs is missing.
    """
    try:
        converted: Mapping[str, Tensor] = plugin.official_state(network, tensors)
    except KeyError as error:
        raise UserError(f"{where} does not hold {error.args[0]!r}, without which it is no {network}.") from error
    return converted


def fit(expected: Mapping[str, Tensor], given: Mapping[str, Tensor], where: str, what: str) -> Fitted:
    """Return the given tensors as the network's state.

    Args:
        expected: state dict of the network, on any device (shapes and number types are looked at only).
        given: what the file holds, under our names.
        where: the file, for errors.
        what: the network, for errors, as in "attngan's generator".

    Raises:
        UserError: they do not fill the network, see `faults_of`.
    """
    import torch

    faults = faults_of(given, expected)
    if faults:
        raise UserError(f"{where} does not fit {what}: {faults}.")
    state = {}
    filled = 0
    for key, value in expected.items():
        if key in given:
            state[key] = given[key].detach().to(value.dtype).contiguous()
        else:
            state[key] = torch.zeros(value.shape, dtype=value.dtype)
            filled += 1
    not_finite = tuple(
        key for key, value in state.items() if value.is_floating_point() and not torch.isfinite(value).all()
    )
    narrow = (given[key] for key, value in expected.items() if key in given and value.is_floating_point())
    rounded = Counter(kind_of(tensor) for tensor in narrow if tensor.element_size() < _FULL)
    return Fitted(state, filled, not_finite, dict(rounded))
