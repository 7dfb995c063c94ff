"""State dicts from outside: read without running any code in them, compared with the network they are to fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from t2ibench.core.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

_COUNTER: Final = "num_batches_tracked"
"""What batch normalisation counts since torch 0.4.1; older files do not have it, and nothing in use depends on it."""
_SHOWN: Final = 4


def read_state(path: Path) -> Mapping[str, Tensor]:
    """Return the file's tensors by name, on the CPU; .safetensors, or a file of torch.save.

    Raises:
        UserError: it cannot be read, or holds something else.
    """
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            content: object = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a bad file
        reason = " ".join(str(error).split())[:120]
        raise UserError(
            f"{path} cannot be read as a file of weights ({type(error).__name__}: {reason}). "
            "It may be truncated, or hold more than tensors, which is not opened: fetch it again."
        ) from error
    if not isinstance(content, Mapping) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    ):
        raise UserError(f"{path} holds no state dict (name -> tensor): fetch it again.")
    return content


def checked(
    state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path, network: str, hint: str
) -> Mapping[str, Tensor]:
    """Return `state` if its names and shapes are those of the network.

    Batch counters that it lacks are the network's own.

    Args:
        state: name -> tensor, as read.
        wanted: the network's own.
        path: of the file, for the error.
        network: what it should be of, for the error.
        hint: what to do, a sentence.

    Raises:
        UserError: they are not; names the first differences.
    """
    faults = faults_of(state, wanted)
    if faults:
        raise UserError(f"{path} is not of {network}: {faults}. {hint}")
    return {**{key: value for key, value in wanted.items() if key not in state}, **state}


def faults_of(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """Return what keeps a state dict from filling a network, "" for nothing; the first tensors of each kind are named.

    Tensors are missing, are too many, have another shape or are integers in the place of floats: weights of a quantised
    network, which mean nothing without its scales. Batch counters may be missing; half the precision is no fault.
    """
    missing = [key for key in wanted if key not in state and not key.endswith(_COUNTER)]
    extra = [key for key in state if key not in wanted]
    pairs = [(key, state[key], value) for key, value in wanted.items() if key in state]
    misshapen = [
        f"{key} is {_shape(one)} instead of {_shape(own)}" for key, one, own in pairs if one.shape != own.shape
    ]
    whole = [
        f"{key} is {kind_of(one)}"
        for key, one, own in pairs
        if own.is_floating_point() and (one.is_sparse or not one.is_floating_point())
    ]
    faults = [
        _fault(missing, "is missing", "are missing"),
        _fault(extra, "is not known", "are not known"),
        _fault(misshapen, "has another shape", "have another shape"),
        _fault(whole, "is no floating-point number", "are no floating-point numbers"),
    ]
    return "; ".join(fault for fault in faults if fault)


def kind_of(tensor: Tensor) -> str:
    """Return a tensor's number type, as in "float16"; its layout too where that is not the usual one."""
    return f"{tensor.dtype}{f' {tensor.layout}' if tensor.is_sparse else ''}".replace("torch.", "")


def _fault(found: Sequence[str], singular: str, plural: str) -> str:
    if not found:
        return ""
    shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
    return f"{len(found)} tensor{'s' if len(found) > 1 else ''} {singular if len(found) == 1 else plural} ({shown})"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"


def fill_but(network: Module, path: Path, heads: tuple[str, ...], of: str, hint: str) -> None:
    """Fill a network from a file, all but tensors whose names begin with one of `heads`. `of`, `hint` as `checked`.

    Raises:
        UserError: the file cannot be read, or is of another network.
    """
    wanted, state = (
        {key: value for key, value in tensors.items() if not key.startswith(heads)}
        for tensors in (network.state_dict(), read_state(path))
    )
    network.load_state_dict(checked(state, wanted, path, of, hint), strict=False)
