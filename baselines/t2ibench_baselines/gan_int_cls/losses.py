"""GAN-INT-CLS's losses: wrong images for the discriminator (CLS), sentences in between for the generator (INT)."""

from __future__ import annotations

from torch import Tensor

from t2ibench_baselines._reed.losses import matching_aware_loss
from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters
from t2ibench_baselines._stackgan.discriminators.losses import Parts, detached
from t2ibench_baselines.gan_int_cls.discriminator import Discriminator


def discriminator_loss(
    discriminator: Discriminator,
    real: Tensor,
    wrong: Tensor | None,
    fake: Tensor,
    sentence: Tensor,
    game: AdversarialParameters,
    *,
    mismatch_weight: float = 0.5,
    r1_weight: float = 0.0,
) -> tuple[Tensor, Parts]:
    """Return the discriminator's loss, a scalar with a graph, and its parts (Reed et al., algorithm 1).

    Real images against wrong ones, weighted w, and fakes, weighted 1 - w, all with the same sentences. Each kind has
    a pass, and so batch statistics, of its own.

    Args:
        discriminator: the discriminator.
        real: N x 3 x resolution x resolution, images of the captions.
        wrong: N x 3 x resolution x resolution, real images of other captions; None where the weight is 0.
        fake: the generator's images, N x 3 x resolution x resolution; no gradient reaches them.
        sentence: N x D sentence codes.
        game: how logits are scored.
        mismatch_weight: w; 0 is a plain conditional GAN.
        r1_weight: weight of the gradient penalty on the real images.

    Raises:
        ValueError: a weight for wrong images and no wrong images.
    """

    def pair() -> tuple[Tensor, Tensor]:
        if wrong is None:
            raise ValueError("GAN-INT-CLS learns from wrong images, but the batch has none.")
        return wrong, sentence

    return matching_aware_loss(
        discriminator, real, pair, fake, sentence, game, mismatch_weight=mismatch_weight, r1_weight=r1_weight
    )


def midpoints(sentence: Tensor) -> Tensor:
    """Return the codes halfway between i and i + N // 2, N // 2 x D, of codes N x D (Reed et al., section 4.3)."""
    half = len(sentence) // 2
    return (sentence[:half] + sentence[half : 2 * half]) / 2


def generator_loss(
    discriminator: Discriminator,
    fake: Tensor,
    sentence: Tensor,
    game: AdversarialParameters,
    *,
    true: int,
    interpolation_weight: float = 1.0,
) -> tuple[Tensor, Parts]:
    """Return what the generator pays, a scalar with a graph, and its parts (Reed et al., equation 5).

    All rows pass the discriminator together; rows of sentences in between are weighted, and the sum is divided by the
    number of all rows.

    Args:
        discriminator: the discriminator.
        fake: M x 3 x resolution x resolution, with a graph.
        sentence: M x D, the codes the images were made of: `true` ones of captions, then ones in between.
        game: how logits are scored.
        true: how many rows are of captions.
        interpolation_weight: of a row in between.
    """
    logits = discriminator(fake, sentence)
    parts = {"adversarial": game.generator_loss(logits[:true])}
    loss = true * parts["adversarial"]
    if len(logits) > true:
        parts["interpolated"] = game.generator_loss(logits[true:])
        loss = loss + interpolation_weight * (len(logits) - true) * parts["interpolated"]
    return loss / len(logits), detached(parts)
