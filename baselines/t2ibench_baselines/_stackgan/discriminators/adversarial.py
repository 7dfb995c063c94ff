"""The adversarial game on logits: how discriminators and the generator are scored, and how the former are held back."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from t2ibench.core.spec.frozen import Frozen


class AdversarialParameters(Frozen):
    """Parameters of the game that all models of the lineage share. The defaults are the papers'.

    The last group is ours, for small data; switched on, a model is no longer the paper's.

    Attributes:
        batch_size: captions a batch.
        generator_learning_rate: of the generator's Adam.
        discriminator_learning_rate: of every discriminator's Adam.
        beta1: of all Adams.
        beta2: of all Adams.
        ema_decay: decay of the EMA of the generator's parameters.
        score: "bce" of the papers, or "hinge".
        label_smoothing: real images' target is 1 minus this ("bce" only).
        instance_noise: standard deviation of the noise added to all images that a discriminator sees in training.
        instance_noise_steps: the noise falls linearly to 0 over so many steps; 0 keeps it as it is.
        r1_weight: weight of half the squared gradient of the scores in the real images; 0 for none.
        r1_every: it is computed every so many steps, its weight multiplied by as much.
        discriminator_every: discriminators learn every so many steps, the generator in each.
    """

    batch_size: int = Field(default=20, ge=2)
    generator_learning_rate: float = Field(default=2e-4, gt=0)
    discriminator_learning_rate: float = Field(default=2e-4, gt=0)
    beta1: float = Field(default=0.5, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    score: Literal["bce", "hinge"] = "bce"
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    instance_noise: float = Field(default=0.0, ge=0)
    instance_noise_steps: int = Field(default=0, ge=0)
    r1_weight: float = Field(default=0.0, ge=0)
    r1_every: int = Field(default=1, ge=1)
    discriminator_every: int = Field(default=1, ge=1)

    def real_loss(self, logits: Tensor) -> Tensor:
        """Return what a discriminator pays for its logits of what is real, a scalar."""
        logits = logits.float()
        if self.score == "hinge":
            return functional.relu(1 - logits).mean()
        return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, 1 - self.label_smoothing))

    def fake_loss(self, logits: Tensor) -> Tensor:
        """Return what a discriminator pays for its logits of what is not real or does not match, a scalar."""
        logits = logits.float()
        if self.score == "hinge":
            return functional.relu(1 + logits).mean()
        return functional.softplus(logits).mean()

    def generator_loss(self, logits: Tensor) -> Tensor:
        """Return what the generator pays for the logits of its images, a scalar (non-saturating)."""
        logits = logits.float()
        return -logits.mean() if self.score == "hinge" else functional.softplus(-logits).mean()

    def noise_scale(self, step: int) -> float:
        """Return the standard deviation of the instance noise at a step (from 0)."""
        if self.instance_noise_steps == 0:
            return self.instance_noise
        return self.instance_noise * max(0.0, 1 - step / self.instance_noise_steps)

    def discriminators_learn(self, step: int) -> bool:
        """Return whether the discriminators are updated at a step (from 0)."""
        return step % self.discriminator_every == 0

    def r1_weight_at(self, step: int) -> float:
        """Return the weight of the gradient penalty at a step (from 0); 0 where it is left out."""
        updates = step // self.discriminator_every
        return self.r1_weight * self.r1_every if updates % self.r1_every == 0 else 0.0


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Return half the mean squared gradient norm of the summed logits in the images (R1), a scalar with a graph.

    Mescheder et al., Which Training Methods for GANs do actually Converge?, ICML 2018, equation 9.

    Args:
        logits: N, or a sum of several heads' logits, made from `images`.
        images: N x 3 x H x W, with requires_grad.
    """
    (gradient,) = torch.autograd.grad(logits.float().sum(), images, create_graph=True)
    return 0.5 * gradient.float().square().sum(dim=(1, 2, 3)).mean()
