"""The adversarial losses of StackGAN, AttnGAN and DM-GAN, one discriminator at a time."""

from __future__ import annotations

from torch import Tensor

from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters, gradient_penalty
from t2ibench_baselines._stackgan.discriminators.trunk import ScoringDiscriminator

Parts = dict[str, Tensor]


def discriminator_loss(
    discriminator: ScoringDiscriminator,
    real: Tensor,
    fake: Tensor,
    sentence: Tensor,
    game: AdversarialParameters,
    *,
    r1_weight: float = 0.0,
) -> tuple[Tensor, Parts]:
    """Return a discriminator's loss, a scalar with a graph, and its parts (AttnGAN, equation 6; StackGAN, equation 3).

    (unconditional real + conditional real) / 2 + (unconditional fake + conditional fake + conditional wrong) / 3;
    without an unconditional head conditional real + (conditional fake + conditional wrong) / 2. A wrong pair is a real
    image with the sentence of the next one in the batch, N - 1 pairs. The weights and the wrong pairs are the
    official code's; the paper's equation has neither.

    Args:
        discriminator: the discriminator of this resolution.
        real: N x 3 x resolution x resolution.
        fake: the generator's images, N x 3 x resolution x resolution; no gradient reaches them.
        sentence: N x D codes that the discriminator is given: the sentences', in StackGAN means of the condition codes.
        game: how logits are scored.
        r1_weight: weight of the gradient penalty on the real images.
    """
    if r1_weight:
        real = real.detach().requires_grad_()
    real_features = discriminator.features(real)
    fake_features = discriminator.features(fake.detach())
    real_match = discriminator.match(real_features, sentence)
    fake_match = discriminator.match(fake_features, sentence)
    wrong_match = discriminator.match(real_features[:-1], sentence[1:])
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
    discriminator: ScoringDiscriminator,
    fake: Tensor,
    sentence: Tensor,
    game: AdversarialParameters,
    *,
    unconditional_weight: float = 1.0,
) -> tuple[Tensor, Parts]:
    """Return what the generator pays to one discriminator, a scalar with a graph, and its parts.

    AttnGAN, equation 5, and StackGAN++, equation 10. The official code sums both terms; AttnGAN's paper halves them.

    Args:
        discriminator: the discriminator of this resolution.
        fake: N x 3 x resolution x resolution, with a graph.
        sentence: N x D codes that the discriminator is given. Where they have a graph, as StackGAN-v2's conditions,
            gradients reach what made them this way too, as in the official code.
        game: how logits are scored.
        unconditional_weight: of the term of being real.
    """
    match, score = discriminator(fake, sentence)
    parts = {"match": game.generator_loss(match)}
    loss = parts["match"]
    if score is not None and unconditional_weight:
        parts["real"] = game.generator_loss(score)
        loss = loss + unconditional_weight * parts["real"]
    return loss, detached(parts)


def detached(parts: Parts) -> Parts:
    """Return the parts without their graphs."""
    return {name: value.detach() for name, value in parts.items()}
