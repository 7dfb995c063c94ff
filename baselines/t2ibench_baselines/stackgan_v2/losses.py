"""StackGAN-v2's losses: a discriminator's, and the colour consistency of the scales."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from t2ibench_baselines._stackgan.discriminators.adversarial import gradient_penalty
from t2ibench_baselines._stackgan.discriminators.losses import Parts, detached
from t2ibench_baselines.stackgan_v2.discriminator import Discriminator
from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters

_COVARIANCE_FACTOR = 5.0


class ColourStatistics(NamedTuple):
    """Colours of images: mean, N x 3, and covariance over the pixels, N x 3 x 3 (divided by their number)."""

    mean: Tensor
    covariance: Tensor


def discriminator_loss(
    discriminator: Discriminator,
    real: Tensor,
    wrong: Tensor,
    fake: Tensor,
    condition: Tensor,
    parameters: StackGANv2Parameters,
    *,
    r1_weight: float = 0.0,
) -> tuple[Tensor, Parts]:
    """Return a discriminator's loss, a scalar with a graph, and its parts (StackGAN++, equation 9).

    The match terms of real, wrong and fake images and, weighted, the unconditional ones, summed; a wrong image is
    a real one to the unconditional head. Without the latter (weight 0) real + (wrong + fake) / 2. The wrong images
    are the official code's, not in the equation.

    Args:
        discriminator: the discriminator of this resolution.
        real: N x 3 x resolution x resolution, images of the captions.
        wrong: N x 3 x resolution x resolution, images of other captions.
        fake: the generator's images, N x 3 x resolution x resolution; no gradient reaches them.
        condition: N x c; no gradient reaches it.
        parameters: how logits are scored, and the weight of the unconditional terms.
        r1_weight: weight of the gradient penalty on the real images.
    """
    p = parameters
    if r1_weight:
        real = real.detach().requires_grad_()
    condition = condition.detach()
    real_match, real_score = discriminator(real, condition)
    wrong_match, wrong_score = discriminator(wrong, condition)
    fake_match, fake_score = discriminator(fake.detach(), condition)
    parts = {
        "real_match": p.real_loss(real_match),
        "wrong_match": p.fake_loss(wrong_match),
        "fake_match": p.fake_loss(fake_match),
    }
    if p.unconditional_weight:
        parts["real"] = p.real_loss(real_score)
        parts["wrong"] = p.real_loss(wrong_score)
        parts["fake"] = p.fake_loss(fake_score)
        loss = parts["real_match"] + parts["wrong_match"] + parts["fake_match"]
        loss = loss + p.unconditional_weight * (parts["real"] + parts["wrong"] + parts["fake"])
    else:
        loss = parts["real_match"] + (parts["wrong_match"] + parts["fake_match"]) / 2
    if r1_weight:
        parts["r1"] = gradient_penalty(real_match + real_score if p.unconditional_weight else real_match, real)
        loss = loss + r1_weight * parts["r1"]
    return loss, detached(parts)


def colour_statistics(images: Tensor) -> ColourStatistics:
    """Return the colours' mean and covariance of images N x 3 x H x W."""
    pixels = images.float().flatten(2)  # N x 3 x P
    mean = pixels.mean(dim=2)  # N x 3
    centred = pixels - mean[:, :, None]
    return ColourStatistics(mean, torch.bmm(centred, centred.transpose(1, 2)) / pixels.shape[2])


def colour_consistency(images: Mapping[int, Tensor]) -> Tensor:
    """Return how far each scale's colours are from those of the scale below, a scalar (StackGAN++, section 4.3).

    Squared differences of the means plus 5 times those of the covariances, averaged over their elements and summed
    over neighbouring scales; gradients reach the finer image only, which is the official code's choice.

    Args:
        images: resolution -> N x 3 x resolution x resolution, two resolutions or more.
    """
    statistics = [colour_statistics(images[resolution]) for resolution in sorted(images)]
    terms = [
        functional.mse_loss(fine.mean, coarse.mean.detach())
        + _COVARIANCE_FACTOR * functional.mse_loss(fine.covariance, coarse.covariance.detach())
        for coarse, fine in itertools.pairwise(statistics)
    ]
    return torch.stack(terms).sum()
