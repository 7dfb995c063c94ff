"""The truncated latent with which DF-GAN's authors make the images they evaluate."""

from __future__ import annotations

import math

import torch
from torch import Tensor

LIMIT = 2.0
"""The normal distribution is cut off beyond this many standard deviations, before scaling."""


def truncated(normal: Tensor, scale: float) -> Tensor:
    """Return a truncated latent of the shape of `normal`, within [-2 * scale, 2 * scale].

    Each standard normal number becomes the number of equal probability of a normal distribution truncated to [-2, 2],
    times `scale` (0.88 in the official evaluation, which redraws what falls outside): a function of the number given.
    """
    central = math.erf(LIMIT / math.sqrt(2))  # probability of [-2, 2]
    return scale * math.sqrt(2) * torch.erfinv(central * torch.erf(normal / math.sqrt(2)))
