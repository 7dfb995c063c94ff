from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from t2ibench.text.damsm import Gammas, sentence_loss, word_scores, words_loss

G = Gammas()


def _inputs(batch: int = 4, size: int = 16, longest: int = 7) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(batch)
    regions = torch.randn(batch, size, 5, 5, generator=generator)
    words = torch.randn(batch, size, longest, generator=generator)
    lengths = torch.tensor([longest, *(1 + (3 * row) % longest for row in range(1, batch))])
    return regions, words, torch.arange(longest) >= lengths[:, None]


def _score_by_hand(regions: Tensor, words: Tensor) -> Tensor:
    """One image (D x h x w) against one caption (D x L), as section 5.1 of the paper's supplement words it."""
    flat = regions.flatten(1)
    attention = (G.attention * (flat.T @ words).softmax(dim=1)).softmax(dim=0)  # Q x L
    context = flat @ attention
    return (G.words * functional.cosine_similarity(context, words, dim=0)).exp().sum().log()


def test_scores_equal_a_loop_over_pairs() -> None:
    regions, words, padding = _inputs()
    scores, attention = word_scores(regions, words, padding, G)
    lengths = (~padding).sum(dim=1)
    by_hand = torch.stack(
        [
            torch.stack([_score_by_hand(region, word[:, :length]) for word, length in zip(words, lengths, strict=True)])
            for region in regions
        ]
    )
    torch.testing.assert_close(scores, by_hand)
    assert attention.shape == (4, 4, 7, 5, 5)
    torch.testing.assert_close(attention.sum(dim=(3, 4)), (~padding).float().expand(4, -1, -1))


def test_padding_content_does_not_matter_and_gets_no_gradient() -> None:
    regions, words, padding = _inputs()
    spoiled = words.masked_fill(padding[:, None], 7.0).requires_grad_()
    clean = words.masked_fill(padding[:, None], 0.0)
    loss = words_loss(regions, spoiled, padding, None, G).total
    torch.testing.assert_close(loss, words_loss(regions, clean, padding, None, G).total)
    loss.backward()
    assert spoiled.grad is not None
    assert spoiled.grad.masked_select(padding[:, None].expand_as(spoiled)).abs().max() == 0


def test_one_class_leaves_nothing_to_confuse() -> None:
    regions, words, padding = _inputs()
    regions.requires_grad_()
    loss = words_loss(regions, words, padding, torch.zeros(4, dtype=torch.int64), G).total
    loss.backward()
    assert loss.item() == 0
    assert regions.grad is not None and regions.grad.abs().max() == 0


def test_equal_images_score_chance() -> None:
    codes = torch.ones(3, 8)
    loss = sentence_loss(codes, torch.randn(3, 8), None, G)
    assert loss.text_to_image.item() == pytest.approx(math.log(3), abs=1e-6)


def test_matching_pairs_score_better_than_shuffled_ones() -> None:
    codes = torch.eye(4)
    matched = sentence_loss(codes, codes, None, G).total
    shuffled = sentence_loss(codes, codes.roll(1, dims=0), None, G).total
    assert matched < 0.01 < shuffled


def test_zero_vectors_give_no_nan() -> None:
    regions, words, padding = _inputs()
    regions = torch.zeros_like(regions).requires_grad_()
    loss = words_loss(regions, words, padding, None, G).total
    loss = loss + sentence_loss(regions.mean(dim=(2, 3)), words[:, :, 0], None, G).total
    loss.backward()
    assert regions.grad is not None and torch.isfinite(loss) and torch.isfinite(regions.grad).all()
