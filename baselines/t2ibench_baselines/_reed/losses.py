"""The loss of a discriminator that learns from mismatched pairs (Reed et al., ICML 2016, algorithm 1)."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from t2ibench_baselines._reed.parameters import ReedParameters
from t2ibench_baselines._stackgan.discriminators.adversarial import gradient_penalty
from t2ibench_baselines._stackgan.discriminators.losses import Parts, detached


def matching_aware_loss(
    judge: Callable[[Tensor, Tensor], Tensor],
    real: Tensor,
    wrong: tuple[Tensor, Tensor] | None,
    fake: Tensor,
    sentence: Tensor,
    parameters: ReedParameters,
    *,
    r1_weight: float = 0.0,
) -> tuple[Tensor, Parts]:
    """Return the discriminator's loss, a scalar with a graph, and its parts.

    Real images with their sentences against mismatched pairs, weighted w, and fakes, weighted 1 - w. Each kind has a
    pass, and so batch statistics, of its own.

    Args:
        judge: makes the logits of images and sentence codes.
        real: N x 3 x resolution x resolution, images of the captions.
        wrong: images and codes that do not belong together; None where w is 0.
        fake: the generator's images, N x 3 x resolution x resolution; no gradient reaches them.
        sentence: N x D sentence codes.
        parameters: how logits are scored, and w.
        r1_weight: weight of the gradient penalty on the real images.
    """
    p = parameters
    if r1_weight:
        real = real.detach().requires_grad_()
    matching = judge(real, sentence)
    parts = {"real": p.real_loss(matching)}
    loss = parts["real"]
    if wrong is not None:
        parts["wrong"] = p.fake_loss(judge(*wrong))
        loss = loss + p.mismatch_weight * parts["wrong"]
    parts["fake"] = p.fake_loss(judge(fake.detach(), sentence))
    loss = loss + (1 - p.mismatch_weight) * parts["fake"]
    if r1_weight:
        parts["r1"] = gradient_penalty(matching, real)
        loss = loss + r1_weight * parts["r1"]
    return loss, detached(parts)
