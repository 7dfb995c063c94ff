"""The loss of GAN-INT-CLS's generator, with sentences in between (INT)."""

from __future__ import annotations

from torch import Tensor

from t2ibench_baselines._stackgan.discriminators.losses import Parts, detached
from t2ibench_baselines.gan_int_cls.discriminator import Discriminator
from t2ibench_baselines.gan_int_cls.parameters import GANINTCLSParameters


def midpoints(sentence: Tensor) -> Tensor:
    """Return the codes halfway between i and i + N // 2, N // 2 x D, of codes N x D (Reed et al., section 4.3)."""
    half = len(sentence) // 2
    return (sentence[:half] + sentence[half : 2 * half]) / 2


def generator_loss(
    discriminator: Discriminator,
    fake: Tensor,
    sentence: Tensor,
    parameters: GANINTCLSParameters,
    *,
    true: int,
) -> tuple[Tensor, Parts]:
    """Return what the generator pays, a scalar with a graph, and its parts (Reed et al., equation 5).

    All rows pass the discriminator together; rows of sentences in between are weighted, and the sum is divided by the
    number of all rows.

    Args:
        discriminator: the discriminator.
        fake: M x 3 x resolution x resolution, with a graph.
        sentence: M x D, the codes the images were made of: `true` ones of captions, then ones in between.
        parameters: how logits are scored, and the weight of a row in between.
        true: how many rows are of captions.
    """
    logits = discriminator(fake, sentence)
    parts = {"adversarial": parameters.generator_loss(logits[:true])}
    loss = true * parts["adversarial"]
    if len(logits) > true:
        parts["interpolated"] = parameters.generator_loss(logits[true:])
        loss = loss + parameters.interpolation_weight * (len(logits) - true) * parts["interpolated"]
    return loss / len(logits), detached(parts)
