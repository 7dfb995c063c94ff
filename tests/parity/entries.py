"""How the golden sets abbreviate images, feature maps, attention and gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

Entry = tuple[str, Tensor]


def map_entries(prefix: str, maps: Tensor) -> Iterator[Entry]:
    """Yield mean and standard deviation by sample and channel, the map itself, and its first sample."""
    wide = maps.detach().double()
    yield f"{prefix}.mean", wide.mean(dim=(2, 3))
    yield f"{prefix}.std", wide.std(dim=(2, 3), correction=0)
    yield f"{prefix}.slice", maps
    yield f"{prefix}.full_f16", maps[0]


def attention_entries(prefix: str, weights: Tensor) -> Iterator[Entry]:
    """Yield attention N x T x h x w and its mean over the places."""
    yield f"{prefix}.slice", weights
    yield f"{prefix}.mean", weights.detach().double().mean(dim=(2, 3))


def gradient_entries(name: str, network: nn.Module, order: Sequence[str]) -> Iterator[Entry]:
    """Yield the norms of a network's gradients (-1 for none) and the gradients themselves."""
    parameters = dict(network.named_parameters())
    gradients = {key: parameters[key].grad for key in order}
    norms = [-1.0 if gradient is None else float(gradient.double().norm()) for gradient in gradients.values()]
    yield f"gradnorm.{name}", torch.tensor(norms, dtype=torch.float64)
    for key, gradient in gradients.items():
        if gradient is not None:
            yield f"grad.{name}.{key}", gradient
            yield f"grad.{name}.{key}.slice", gradient


def spectral_entries(prefix: str, network: nn.Module) -> Iterator[Entry]:
    """Yield copies of the vectors of the power iterations, as they are now; none without spectral normalisation."""
    for key, value in network.named_buffers():
        if key.endswith(("weight_u", "weight_v")):
            yield f"{prefix}.{key}", value.clone()


def norms(values: Sequence[Tensor]) -> Tensor:
    """Return the Euclidean norm of each value."""
    return torch.tensor([float(value.double().norm()) for value in values], dtype=torch.float64)
