"""Exponential moving averages of networks' parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn import Module, Parameter


class EMA:
    """Averaged copies of the parameters of some networks.

    Parameters only, with the full decay from the first step on; buffers (BatchNorm's statistics) stay those of the live
    network. So AttnGAN's official code does it.
    """

    def __init__(self, networks: Mapping[str, Module], decays: Mapping[str, float]) -> None:
        self._decays = dict(decays)
        self._live: dict[str, dict[str, Parameter]] = {
            name: dict(networks[name].named_parameters()) for name in self._decays
        }
        self._averaged: dict[str, dict[str, Tensor]] = {
            name: {key: parameter.detach().clone() for key, parameter in live.items()}
            for name, live in self._live.items()
        }

    @torch.no_grad()
    def update(self) -> None:
        """Move every average towards its parameter by (1 - decay)."""
        for name, decay in self._decays.items():
            averaged = list(self._averaged[name].values())
            live = [parameter.detach() for parameter in self._live[name].values()]
            torch._foreach_lerp_(averaged, live, 1 - decay)

    def state(self) -> dict[str, Tensor]:
        """Return "<network>/<parameter>" -> averaged tensor."""
        return {f"{name}/{key}": value for name, group in self._averaged.items() for key, value in group.items()}

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take over what `state()` returned once. A missing key raises KeyError, a wrong shape RuntimeError."""
        for name, group in self._averaged.items():
            for key, value in group.items():
                value.copy_(state[f"{name}/{key}"])

    def by_parameter(self) -> dict[int, Tensor]:
        """Return id(parameter) -> averaged tensor, for networks that share parameters with averaged ones."""
        return {
            id(parameter): self._averaged[name][key]
            for name, live in self._live.items()
            for key, parameter in live.items()
        }

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the averages into the networks for the length of a block, and the live parameters back after it."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for name, live in self._live.items():
            for key, parameter in live.items():
                parameter.data, self._averaged[name][key] = self._averaged[name][key], parameter.data
