"""Contexts that put networks into a state and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def frozen(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Switch the networks' parameters' gradients off within the block.

    A loss built within it can be differentiated afterwards: gradients pass through the networks to their inputs, but
    their weights' gradients are not computed. That spares about a third of the generator's step.
    """
    parameters = [parameter for network in networks for parameter in network.parameters() if parameter.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


@contextmanager
def evaluating(*networks: nn.Module) -> Iterator[None]:
    """Put the networks into eval mode within the block; those that were in train mode return to it afterwards."""
    training = [network for network in networks if network.training]
    for network in training:
        network.eval()
    try:
        yield
    finally:
        for network in training:
            network.train()
