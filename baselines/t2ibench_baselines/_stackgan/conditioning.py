"""Conditioning augmentation: a sentence becomes a Gaussian of condition codes, one of which is drawn."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Condition(NamedTuple):
    """A drawn condition code with the Gaussian it comes from, N x c each."""

    code: Tensor
    mean: Tensor
    log_variance: Tensor


class ConditioningAugmentation(nn.Module):
    """Sentence code to condition code (StackGAN, section 3.2), with a gated linear unit as in StackGAN-v2's code.

    The noise is given, not drawn here. The official code draws it at inference too, so the latent z alone does not fix
    an image; here it is the latent "ca".

    Args:
        text_dimension: of a sentence code.
        condition_dimension: of a condition code, c.
        rectified: StackGAN's official code has a rectified linear unit there instead, so that no mean and no logarithm
            of a variance is negative.
    """

    def __init__(self, text_dimension: int, condition_dimension: int, *, rectified: bool = False) -> None:
        super().__init__()
        self.fc = nn.Linear(text_dimension, (2 if rectified else 4) * condition_dimension)
        self.gate = nn.ReLU() if rectified else nn.GLU(dim=1)

    def forward(self, sentence: Tensor, noise: Tensor) -> Condition:
        """Return the condition of sentences N x t, drawn with standard normal noise N x c."""
        mean, log_variance = self.gate(self.fc(sentence)).chunk(2, dim=1)  # N x c each
        code = mean + noise * torch.exp(0.5 * log_variance)
        return Condition(code, mean, log_variance)


def kl_divergence(condition: Condition) -> Tensor:
    """Return the Kullback-Leibler divergence from the standard normal, a scalar.

    The mean over batch and dimensions, as the official code has it; the papers write a sum over dimensions.
    """
    mean, log_variance = condition.mean.float(), condition.log_variance.float()
    return -0.5 * torch.mean(1 + log_variance - mean.square() - log_variance.exp())
