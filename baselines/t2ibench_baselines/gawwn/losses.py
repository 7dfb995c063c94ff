"""GAWWN's losses: a matching-aware discriminator that knows the box."""

from __future__ import annotations

from torch import Tensor

from t2ibench_baselines._reed.losses import matching_aware_loss
from t2ibench_baselines._stackgan.discriminators.losses import Parts
from t2ibench_baselines.gawwn.discriminator import Discriminator
from t2ibench_baselines.gawwn.parameters import GAWWNParameters


def discriminator_loss(
    discriminator: Discriminator,
    real: Tensor,
    fake: Tensor,
    sentence: Tensor,
    boxes: Tensor,
    parameters: GAWWNParameters,
    *,
    r1_weight: float = 0.0,
) -> tuple[Tensor, Parts]:
    """Return the discriminator's loss, a scalar with a graph, and its parts.

    Real images with their sentences against real ones with another's sentence, weighted w, and fakes, weighted 1 - w;
    the boxes are the images' own in all three. The other sentence is that of the next image in the batch; the
    official code shuffles the sentences, and some meet their own image then.

    Args:
        discriminator: the discriminator.
        real: N x 3 x resolution x resolution, images of the captions.
        fake: the generator's images, N x 3 x resolution x resolution; no gradient reaches them.
        sentence: N x D sentence codes.
        boxes: N x 4.
        parameters: how logits are scored, and w.
        r1_weight: weight of the gradient penalty on the real images.
    """
    return matching_aware_loss(
        lambda images, codes: discriminator(images, codes, boxes),
        real,
        (real, sentence.roll(-1, dims=0)) if parameters.mismatch_weight else None,
        fake,
        sentence,
        parameters,
        r1_weight=r1_weight,
    )
