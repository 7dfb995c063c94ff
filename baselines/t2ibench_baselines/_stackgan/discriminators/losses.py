"""The adversarial losses of StackGAN, AttnGAN and DM-GAN, one discriminator at a time."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters, gradient_penalty

Parts = dict[str, Tensor]


class Discriminator(Protocol):
    """A discriminator that tells whether images match a code and, perhaps, whether they are real."""

    def __call__(self, images: Tensor, sentence: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return logits of the match and, where there is such a head, of being real; N each."""
        ...

    def features(self, images: Tensor) -> Tensor:
        """Return features, N x c x 4 x 4, of images N x 3 x resolution x resolution."""
        ...

    def match(self, features: Tensor, sentence: Tensor) -> Tensor:
        """Return logits of the match, N, of features and codes N x D."""
        ...

    def unconditional(self, features: Tensor) -> Tensor | None:
        """Return logits of being real, N, of features; None without that head."""
        ...


def discriminator_loss(
    discriminator: Discriminator,
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
    discriminator: Discriminator, fake: Tensor, sentence: Tensor, game: AdversarialParameters
) -> tuple[Tensor, Parts]:
    """Return what the generator pays to one discriminator, a scalar with a graph, and its parts (AttnGAN, equation 5).

    The official code sums both terms; the paper halves them.

    Args:
        discriminator: the discriminator of this resolution.
        fake: N x 3 x resolution x resolution, with a graph.
        sentence: N x D codes that the discriminator is given.
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
