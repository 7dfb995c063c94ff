"""The adversarial losses of AttnGAN and DM-GAN, one discriminator at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from t2ibench_baselines._stackgan_lineage.adversarial import AdversarialParameters, gradient_penalty
from t2ibench_baselines._stackgan_lineage.sentence_judge import SentenceJudge

Parts = dict[str, Tensor]


def discriminator_loss(
    discriminator: SentenceJudge,
    real: Tensor,
    fake: Tensor,
    sentence: Tensor,
    game: AdversarialParameters,
    *,
    r1_weight: float = 0.0,
) -> tuple[Tensor, Parts]:
    """Return a discriminator's loss, a scalar with a graph, and its parts (AttnGAN, equation 6).

    (unconditional real + conditional real) / 2 + (unconditional fake + conditional fake + conditional wrong) / 3;
    without an unconditional head conditional real + (conditional fake + conditional wrong) / 2. A wrong pair is a real
    picture with the sentence of the next one in the batch, N - 1 pairs. The weights and the wrong pairs are the
    official code's; the paper's equation has neither.

    Args:
        discriminator: the judge of this side.
        real: N x 3 x side x side.
        fake: the generator's pictures, N x 3 x side x side; no gradient reaches them.
        sentence: N x D sentence codes.
        game: how logits are scored.
        r1_weight: weight of the gradient penalty on the real pictures.
    """
    if r1_weight:
        real = real.detach().requires_grad_()
    real_features = discriminator.features(real)
    fake_features = discriminator.features(fake.detach())
    head = discriminator.COND_DNET
    real_match = head(real_features, sentence)
    fake_match = head(fake_features, sentence)
    wrong_match = head(real_features[:-1], sentence[1:])
    parts = {
        "real_match": game.real_loss(real_match),
        "fake_match": game.fake_loss(fake_match),
        "wrong_match": game.fake_loss(wrong_match),
    }
    real_score = discriminator.unconditional(real_features)
    fake_score = discriminator.unconditional(fake_features)
    if real_score is None or fake_score is None:
        loss = parts["real_match"] + (parts["fake_match"] + parts["wrong_match"]) / 2
    else:
        parts["real"] = game.real_loss(real_score)
        parts["fake"] = game.fake_loss(fake_score)
        loss = (parts["real"] + parts["real_match"]) / 2
        loss = loss + (parts["fake"] + parts["fake_match"] + parts["wrong_match"]) / 3
    if r1_weight:
        logits = real_match if real_score is None else real_match + real_score
        parts["r1"] = gradient_penalty(logits, real)
        loss = loss + r1_weight * parts["r1"]
    return loss, detached(parts)


def generator_loss(
    discriminator: SentenceJudge, fake: Tensor, sentence: Tensor, game: AdversarialParameters
) -> tuple[Tensor, Parts]:
    """Return what the generator pays to one discriminator, a scalar with a graph, and its parts (AttnGAN, equation 5).

    The official code sums both terms; the paper halves them.

    Args:
        discriminator: the judge of this side.
        fake: N x 3 x side x side, with a graph.
        sentence: N x D sentence codes.
        game: how logits are scored.
    """
    match, score = discriminator(fake, sentence)
    parts = {"match": game.generator_loss(match)}
    if score is not None:
        parts["real"] = game.generator_loss(score)
    return torch.stack(tuple(parts.values())).sum(), detached(parts)


def detached(parts: Parts) -> Parts:
    """Return the parts without their graphs."""
    return {name: value.detach() for name, value in parts.items()}
