"""DF-GAN's losses: the hinge game with mismatched pairs, and the matching-aware gradient penalty."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from t2ibench_baselines._stackgan.discriminators.losses import Parts, detached
from t2ibench_baselines.dfgan.discriminator import ConditionalPredictor, Discriminator
from t2ibench_baselines.dfgan.parameters import DFGANParameters


def discriminator_loss(
    discriminator: Discriminator,
    predictor: ConditionalPredictor,
    real: Tensor,
    fake: Tensor,
    sentence: Tensor,
    parameters: DFGANParameters,
) -> tuple[Tensor, Parts]:
    """Return the joint loss of discriminator and predictor, a scalar with a graph, and its parts.

    DF-GAN, target-aware discriminator. Hinge terms of real, fake and mismatched pairs, weighted 1, 1/2, 1/2, plus the
    penalty at the real pairs. Mismatched are a sentence and the features of the batch's next image (the last with the
    first), as in the official code: nothing keeps both from being of one class.

    Args:
        discriminator: makes the features.
        predictor: makes the scores.
        real: N x 3 x resolution x resolution, images of the captions.
        fake: the generator's images, N x 3 x resolution x resolution; no gradient reaches them.
        sentence: N x D sentence codes; no gradient reaches them.
        parameters: k and p of the penalty; without the weight k there is none.
    """
    real, sentence = real.detach(), sentence.detach()
    if parameters.penalty_weight:
        real.requires_grad_()
        sentence.requires_grad_()
    features = discriminator(real)
    matching = predictor(features, sentence)
    parts = {
        "real": functional.relu(1 - matching.float()).mean(),
        "mismatched": functional.relu(1 + predictor(features.roll(-1, dims=0), sentence).float()).mean(),
        "fake": functional.relu(1 + predictor(discriminator(fake.detach()), sentence).float()).mean(),
    }
    loss = parts["real"] + (parts["fake"] + parts["mismatched"]) / 2
    if parameters.penalty_weight:
        weight, power = parameters.penalty_weight, parameters.penalty_power
        parts["penalty"] = gradient_penalty(matching, (real, sentence), weight=weight, power=power)
        loss = loss + parts["penalty"]
    return loss, detached(parts)


def generator_loss(
    discriminator: Discriminator, predictor: ConditionalPredictor, fake: Tensor, sentence: Tensor
) -> tuple[Tensor, Parts]:
    """Return what the generator pays, a scalar with a graph, and its parts: the negative mean score.

    Args:
        discriminator: makes the features.
        predictor: makes the scores.
        fake: N x 3 x resolution x resolution, with a graph.
        sentence: N x D sentence codes.
    """
    loss = -predictor(discriminator(fake), sentence.detach()).float().mean()
    return loss, {"adversarial": loss.detach()}


def gradient_penalty(scores: Tensor, inputs: Sequence[Tensor], *, weight: float, power: float) -> Tensor:
    """Return weight * mean over the batch of (norm of the scores' gradient) ** power, a scalar with a graph.

    DF-GAN, matching-aware gradient penalty. The gradients in image and sentence are joined before the norm, as in the
    official code; the paper's formula adds their two norms.

    Args:
        scores: N, made from `inputs`, row by row.
        inputs: images N x 3 x H x W and sentence codes N x D, with requires_grad.
        weight: k.
        power: p, at least 2, so that a vanishing gradient has a derivative.
    """
    gradients = torch.autograd.grad(scores.float().sum(), inputs, create_graph=True)
    squares = torch.stack([gradient.float().flatten(1).square().sum(dim=1) for gradient in gradients]).sum(dim=0)  # N
    return weight * squares.pow(power / 2).mean()
