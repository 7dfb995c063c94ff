"""Optimisers and the training-time noise of the lineage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.nn import Module
from torch.optim import Adam, Optimizer

from t2ibench.core.interfaces import BoundNoise
from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters


def adam_optimizers(networks: Mapping[str, Module], parameters: Any) -> dict[str, Optimizer]:
    """Return an Adam a network of what learns in it, under its name; "generator" has the generator's learning rate.

    Fused: all of Adam's arithmetic in one pass over the parameters, which takes a sixth of the time on a CPU.
    """
    p = parameters
    return {
        name: Adam(
            [one for one in network.parameters() if one.requires_grad],
            lr=p.generator_learning_rate if name == "generator" else p.discriminator_learning_rate,
            betas=(p.beta1, p.beta2),
            fused=True,
        )
        for name, network in networks.items()
    }


def halvings(step: int, steps_per_epoch: int, every: int) -> int:
    """Return how often learning rates have been halved at a step (from 0), once every so many epochs; 0 for never."""
    return step // max(steps_per_epoch, 1) // every if every else 0


def with_instance_noise(
    images: Tensor, parameters: AdversarialParameters, step: int, noise: BoundNoise, name: str
) -> Tensor:
    """Return images, N x 3 x H x W, with the noise that all images get before a discriminator, if any.

    There may be fewer images than the batch has captions. After
    Sønderby et al., Amortised MAP Inference for Image Super-resolution, ICLR 2017, section 3.
    """
    scale = parameters.noise_scale(step)
    if scale == 0:
        return images
    return images + scale * noise.draw(f"instance/{name}", tuple(images.shape[1:]))[: len(images)]
