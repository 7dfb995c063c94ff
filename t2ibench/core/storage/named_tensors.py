"""The tensors of several networks under one roof: "<network>/<state key>" -> tensor, in memory and in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


def state_of_networks(networks: Mapping[str, Module]) -> dict[str, Tensor]:
    """Return all that networks hold, buffers included; the very tensors."""
    return {f"{name}/{key}": value for name, network in networks.items() for key, value in network.state_dict().items()}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what stands under a prefix, as in "generator/", without it."""
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a safetensors file, of copies: it refuses tensors that share memory, as tied weights do."""
    from safetensors.torch import save_file

    save_file({name: one.detach().to("cpu", copy=True).contiguous() for name, one in tensors.items()}, path)
