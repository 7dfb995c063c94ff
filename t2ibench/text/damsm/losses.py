"""The DAMSM losses: how well the regions of an image match the words of a caption, and images match sentences.

AttnGAN, section 3.2, equations 7 to 13. As in the official code the score of equation 10 is used without its outer
power 1/gamma2. All captions are compared with all images at once, padding masked; nothing loops over captions. The
arithmetic is float32 under autocast too.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

_SMALLEST_NORM_PRODUCT = 1e-8


class Gammas(NamedTuple):
    """Sharpness of the attention over regions (1), of the words' share (2) and of the matching (3)."""

    attention: float = 4.0
    words: float = 5.0
    matching: float = 10.0


class MatchingLoss(NamedTuple):
    """The two directions of a matching loss, scalars each."""

    image_to_text: Tensor
    text_to_image: Tensor

    @property
    def total(self) -> Tensor:
        """The sum of the two."""
        return self.image_to_text + self.text_to_image


def words_loss(
    regions: Tensor, words: Tensor, padding: Tensor, class_ids: Tensor | None, gammas: Gammas
) -> MatchingLoss:
    """Return the words losses of a batch (equations 12 and 13), image -> text and text -> image.

    Args:
        regions: B x D x h x w region codes.
        words: B x D x T word codes.
        padding: bool, B x T, True past a caption's end; every caption has a word.
        class_ids: int64, B: pairs of one class other than the true pair are left out; None compares all.
        gammas: the sharpness factors.
    """
    with torch.autocast(regions.device.type, enabled=False):
        scores, _ = _scores_and_attention(regions, words, padding, gammas)
    return _matching(gammas.matching * scores, class_ids)


def sentence_loss(codes: Tensor, sentences: Tensor, class_ids: Tensor | None, gammas: Gammas) -> MatchingLoss:
    """Return the sentence losses of a batch: matching by the cosine of global codes.

    Args:
        codes: B x D image codes.
        sentences: B x D sentence codes.
        class_ids: as for `words_loss`.
        gammas: the sharpness factors; only `matching` counts.
    """
    with torch.autocast(codes.device.type, enabled=False):
        codes, sentences = codes.float(), sentences.float()
        norms = codes.norm(dim=1)[:, None] * sentences.norm(dim=1)[None, :]  # B x B
        scores = codes @ sentences.T / norms.clamp(min=_SMALLEST_NORM_PRODUCT)  # B x B
        return _matching(gammas.matching * scores, class_ids)


def word_scores(regions: Tensor, words: Tensor, padding: Tensor, gammas: Gammas) -> tuple[Tensor, Tensor]:
    """Return R(image, caption) for all pairs, I x C (equation 10), and the attention, I x C x T x h x w.

    The attention of each word sums to 1 over the regions; that of padding is 0.

    Args:
        regions: I x D x h x w region codes of the images.
        words: C x D x T word codes of the captions.
        padding: bool, C x T, True past a caption's end.
        gammas: the sharpness factors.
    """
    with torch.autocast(regions.device.type, enabled=False):
        scores, attention = _scores_and_attention(regions, words, padding, gammas)
    maps = attention.transpose(1, 2).reshape(len(regions), *padding.shape, *regions.shape[2:])
    return scores, maps.masked_fill(padding[:, :, None, None], 0.0)


def _scores_and_attention(regions: Tensor, words: Tensor, padding: Tensor, gammas: Gammas) -> tuple[Tensor, Tensor]:
    """Return R, I x C, and the attention before padding is cleared, I x Q x CT."""
    captions, size, longest = words.shape
    flat = regions.float().flatten(2)  # I x D x Q
    columns = words.float().permute(1, 0, 2).reshape(size, captions * longest)  # D x CT
    similarity = torch.matmul(flat.transpose(1, 2), columns)  # I x Q x CT
    shares = similarity.view(len(regions), -1, captions, longest).masked_fill(padding, float("-inf"))
    shares = shares.softmax(dim=3).flatten(2)  # I x Q x CT, of a region over the words of a caption
    attention = (gammas.attention * shares).softmax(dim=1)  # I x Q x CT, of a word over the regions
    context = torch.matmul(flat, attention)  # I x D x CT
    products = (attention * similarity).sum(dim=1)  # I x CT, context times word
    norms = context.norm(dim=1) * columns.norm(dim=0)  # I x CT
    cosine = (products / norms.clamp(min=_SMALLEST_NORM_PRODUCT)).view(len(regions), captions, longest)
    scores = (gammas.words * cosine).masked_fill(padding, float("-inf")).logsumexp(dim=2)  # I x C
    return scores, attention


def _matching(scores: Tensor, class_ids: Tensor | None) -> MatchingLoss:
    """Return the cross-entropies of the true pairs along rows and columns of B x B scores."""
    truth = torch.arange(len(scores), device=scores.device)
    if class_ids is not None:
        same = class_ids[:, None] == class_ids[None, :]
        same = same & ~torch.eye(len(scores), dtype=torch.bool, device=scores.device)
        scores = scores.masked_fill(same, float("-inf"))
    return MatchingLoss(functional.cross_entropy(scores, truth), functional.cross_entropy(scores.T, truth))
