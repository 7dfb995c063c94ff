"""A state dict of the official code against the network it is to fill: every name and shape must agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

_COUNTER: Final = "num_batches_tracked"
"""What batch normalisation counts since torch 0.4.1; older files do not have it, and nothing in use depends on it."""

_SHOWN: Final = 4
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
        UserError: tensors are missing, are too many, have another shape or are integers in the place of floats (weights
            of a quantised network, which mean nothing without its scales); the first ones of each are named.
    """
    import torch

    missing = [key for key in expected if key not in given and not key.endswith(_COUNTER)]
    extra = [key for key in given if key not in expected]
    misshapen = [
        f"{key} is {_shape(given[key])} instead of {_shape(expected[key])}"
        for key in expected
        if key in given and given[key].shape != expected[key].shape
    ]
    whole = [
        f"{key} is {_type(given[key])}"
        for key, value in expected.items()
        if key in given and value.is_floating_point() and not given[key].is_floating_point()
    ]
    faults = [
        _fault(missing, "is missing", "are missing"),
        _fault(extra, "is not known", "are not known"),
        _fault(misshapen, "has another shape", "have another shape"),
        _fault(whole, "is no floating-point number", "are no floating-point numbers"),
    ]
    if any(faults):
        raise UserError(f"{where} does not fit {what}: {'; '.join(fault for fault in faults if fault)}.")
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
    rounded = Counter(_type(tensor) for tensor in narrow if tensor.element_size() < _FULL)
    return Fitted(state, filled, not_finite, dict(rounded))


def _fault(found: Sequence[str], singular: str, plural: str) -> str:
    if not found:
        return ""
    shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
    return f"{len(found)} tensor{'s' if len(found) > 1 else ''} {singular if len(found) == 1 else plural} ({shown})"


def _type(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"
