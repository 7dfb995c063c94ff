"""The iteration of PPGN on the latents of any generator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from t2ibench_baselines.ppgn.parameters import PPGNStyleParameters

Latents = Mapping[str, Tensor]


def improved(
    latents: Latents,
    score: Callable[[Latents], Tensor],
    parameters: PPGNStyleParameters,
    noise: Tensor | None = None,
) -> tuple[dict[str, Tensor], Tensor]:
    """Return latents after all iterations, and the scores before each of them, iterations x N.

    h <- h + s / mean|d| * d with d = e1 * prior + e2 * d score / d h + e3 * noise (Nguyen et al., equation 5, with the
    official code's division by mean|d|, each image by its own). The prior's direction is that of a standard normal
    distribution, -h, where PPGN has a denoising autoencoder's E(G(h)) - h. h is not cut to a range. A latent that the
    score does not depend on stays as it is, and so does an image whose d is 0.

    Args:
        latents: name -> N x shape.
        score: what is to rise, N, each number of its own row of latents alone.
        parameters: weights and distances.
        noise: N x iterations x all numbers of a row's latents; None for none.
    """
    p, moved = parameters, {name: value.detach() for name, value in latents.items()}
    scores = []
    for iteration in range(p.iterations):
        leaves = {name: value.clone().requires_grad_() for name, value in moved.items()}
        found = score(leaves)
        gradients = torch.autograd.grad(found.sum(), list(leaves.values()), allow_unused=True)
        scores.append(found.detach())
        directions: dict[str, Tensor] = {}
        start = 0
        for (name, value), gradient in zip(moved.items(), gradients, strict=True):
            end = start + value[0].numel()
            if gradient is not None:
                direction = p.score_weight * gradient - p.prior_weight * value
                if noise is not None:
                    direction = direction + p.noise_weight * noise[:, iteration, start:end].reshape(value.shape)
                directions[name] = direction
            start = end
        if not directions:
            break
        mean = torch.cat([one.flatten(1) for one in directions.values()], dim=1).abs().mean(dim=1)  # N
        length = torch.where(mean > 0, p.step_at(iteration) / mean.clamp(min=torch.finfo(mean.dtype).tiny), 0)
        for name, direction in directions.items():
            moved[name] = moved[name] + length.view(-1, *[1] * (direction.ndim - 1)) * direction
    return moved, torch.stack(scores)
