"""State dicts from outside: read without running any code in them, compared with the network they are to fill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

_COUNTER = "num_batches_tracked"


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

    Batch counters, which no output depends on, may be missing (files older than torch 0.4.1 have none).

    Args:
        state: name -> tensor, as read.
        wanted: the network's own.
        path: of the file, for the error.
        network: what it should be of, for the error.
        hint: what to do, a sentence.

    Raises:
        UserError: they are not; names the first differences.
    """
    counters = {key: value for key, value in wanted.items() if key.endswith(_COUNTER) and key not in state}
    missing = sorted(wanted.keys() - state.keys() - counters.keys())
    unknown = sorted(state.keys() - wanted.keys())
    unlike = [key for key, value in wanted.items() if key in state and _form(state[key]) != _form(value)]
    if not (missing or unknown or unlike):
        return {**state, **counters}
    faults = []
    if missing:
        faults.append(f"{len(missing)} entries are missing ({missing[0]})")
    if unknown:
        faults.append(f"{len(unknown)} are unknown ({unknown[0]})")
    if unlike:
        faults.append(f"{unlike[0]} is {_form(state[unlike[0]])} instead of {_form(wanted[unlike[0]])}")
    raise UserError(f"{path} is not of {network}: {', '.join(faults)}. {hint}")


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


def _form(tensor: Tensor) -> str:
    """Return a tensor's shape, and its kind where that is not floats; half the precision is the same form."""
    kind = "" if tensor.is_floating_point() and not tensor.is_sparse else f" of {tensor.dtype}, {tensor.layout}"
    return f"{list(tensor.shape)}{kind.replace('torch.', '')}"
