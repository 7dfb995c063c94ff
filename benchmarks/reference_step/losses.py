"""The losses of AttnGAN and DM-GAN, plainly: cross-entropy of probabilities, captions one after another."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .discriminator import ReferenceDiscriminator


def cross_entropy(probabilities: Tensor, target: float) -> Tensor:
    """Return the mean binary cross-entropy of probabilities with one target."""
    return functional.binary_cross_entropy(probabilities, torch.full_like(probabilities, target))


def discriminator_loss(discriminator: ReferenceDiscriminator, real: Tensor, fake: Tensor, sentence: Tensor) -> Tensor:
    """Return the loss of one discriminator; a wrong pair is a real image with the next one's sentence."""
    real_features = discriminator(real)
    fake_features = discriminator(fake.detach())
    real_match = cross_entropy(discriminator.COND_DNET(real_features, sentence), 1.0)
    fake_match = cross_entropy(discriminator.COND_DNET(fake_features, sentence), 0.0)
    wrong_match = cross_entropy(discriminator.COND_DNET(real_features[:-1], sentence[1:]), 0.0)
    real_alone = cross_entropy(discriminator.UNCOND_DNET(real_features), 1.0)
    fake_alone = cross_entropy(discriminator.UNCOND_DNET(fake_features), 0.0)
    return (real_alone + real_match) / 2 + (fake_alone + fake_match + wrong_match) / 3


def generator_loss(discriminator: ReferenceDiscriminator, fake: Tensor, sentence: Tensor) -> Tensor:
    """Return what the generator pays to one discriminator."""
    features = discriminator(fake)
    return cross_entropy(discriminator.COND_DNET(features, sentence), 1.0) + cross_entropy(
        discriminator.UNCOND_DNET(features), 1.0
    )


def words_loss(
    regions: Tensor, words: Tensor, lengths: list[int], classes: Tensor, gammas: tuple[float, float, float]
) -> Tensor:
    """Return the sum of both directions of the words loss.

    Args:
        regions: B x D x h x w region codes.
        words: B x D x T word codes.
        lengths: words of each caption.
        classes: B; other images of a caption's class are left out.
        gammas: sharpness of the attention over regions, of the words' share, of the matching.
    """
    number = len(regions)
    flat = regions.flatten(2)  # B x D x Q
    columns = []
    for caption, length in enumerate(lengths):
        own = words[caption, :, :length].unsqueeze(0).repeat(number, 1, 1)  # B x D x L
        similarity = torch.bmm(flat.transpose(1, 2), own)  # B x Q x L
        share = torch.softmax(similarity, dim=2)
        attention = torch.softmax(gammas[0] * share, dim=1)  # B x Q x L
        context = torch.bmm(flat, attention)  # B x D x L
        cosine = functional.cosine_similarity(context, own, dim=1, eps=1e-8)  # B x L
        columns.append(torch.log(torch.exp(gammas[1] * cosine).sum(dim=1)))
    return both_directions(gammas[2] * torch.stack(columns, dim=1), classes)


def sentence_loss(codes: Tensor, sentences: Tensor, classes: Tensor, gammas: tuple[float, float, float]) -> Tensor:
    """Return the sum of both directions of the sentence loss of codes, B x D each."""
    norms = codes.norm(dim=1)[:, None] * sentences.norm(dim=1)[None, :]
    return both_directions(gammas[2] * (codes @ sentences.t()) / norms.clamp(min=1e-8), classes)


def both_directions(scores: Tensor, classes: Tensor) -> Tensor:
    """Return the cross-entropies of rows and of columns of the scores, images x captions, summed."""
    same = (classes[:, None] == classes[None, :]) & ~torch.eye(len(scores), dtype=torch.bool)
    scores = scores.masked_fill(same, float("-inf"))
    truth = torch.arange(len(scores))
    return functional.cross_entropy(scores, truth) + functional.cross_entropy(scores.t(), truth)


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the conditioning augmentation's kl_divergence, averaged over batch and dimensions."""
    return -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).mean()
