"""The loss of a discriminator that learns from mismatched pairs (Reed et al., ICML 2016, algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters, gradient_penalty
from t2ibench_baselines._stackgan.discriminators.losses import Parts, detached


def matching_aware_loss(
    judge: Callable[[Tensor, Tensor], Tensor],
    real: Tensor,
    wrong: Callable[[], tuple[Tensor, Tensor]],
    fake: Tensor,
    sentence: Tensor,
    game: AdversarialParameters,
    *,
    mismatch_weight: float,
    r1_weight: float,
) -> tuple[Tensor, Parts]:
    """Return the discriminator's loss, a scalar with a graph, and its parts.

    Real images with their sentences against mismatched pairs, weighted w, and fakes, weighted 1 - w. Each kind has a
    pass, and so batch statistics, of its own.

    Args:
        judge: makes the logits of images and sentence codes.
        real: N x 3 x resolution x resolution, images of the captions.
        wrong: gives images and codes that do not belong together; asked where w is not 0.
        fake: the generator's images, N x 3 x resolution x resolution; no gradient reaches them.
        sentence: N x D sentence codes.
        game: how logits are scored.
        mismatch_weight: w.
        r1_weight: weight of the gradient penalty on the real images.
    """
    if r1_weight:
        real = real.detach().requires_grad_()
    matching = judge(real, sentence)
    parts = {"real": game.real_loss(matching)}
    loss = parts["real"]
    if mismatch_weight:
        parts["wrong"] = game.fake_loss(judge(*wrong()))
        loss = loss + mismatch_weight * parts["wrong"]
    parts["fake"] = game.fake_loss(judge(fake.detach(), sentence))
    loss = loss + (1 - mismatch_weight) * parts["fake"]
    if r1_weight:
        parts["r1"] = gradient_penalty(matching, real)
        loss = loss + r1_weight * parts["r1"]
    return loss, detached(parts)
