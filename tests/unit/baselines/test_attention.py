from __future__ import annotations

import torch
from torch import Tensor

from t2ibench_baselines._stackgan.word_attention import Attended, WordAttention


def run(lengths: list[int], *, official: bool, rows: slice = slice(None)) -> Attended:
    torch.manual_seed(0)
    attention = WordAttention(6, 10, official_mask=official)
    features, words = torch.randn(len(lengths), 6, 4, 4), torch.randn(len(lengths), 10, 5)
    padding = torch.arange(5) >= torch.tensor(lengths)[:, None]
    result: Attended = attention(features[rows], words[rows], padding[rows])
    return result


def assert_same(one: Attended, other: Attended) -> None:
    for left, right in zip(one, other, strict=True):
        torch.testing.assert_close(left, right)


def test_weights_sum_to_one_and_padding_has_none() -> None:
    context, weights = run([5, 3, 1], official=False)
    assert context.shape == (3, 6, 4, 4)
    assert weights.shape == (3, 5, 4, 4)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3, 4, 4))
    assert weights[1, 3:].max() == 0
    torch.testing.assert_close(weights[2, 0], torch.ones(4, 4))


def test_context_is_the_weighted_sum_of_projected_words() -> None:
    torch.manual_seed(0)
    attention = WordAttention(6, 10)
    features, words = torch.randn(1, 6, 2, 2), torch.randn(1, 10, 3)
    context, weights = attention(features, words, torch.zeros(1, 3, dtype=torch.bool))
    projected: Tensor = attention.conv_context.weight[:, :, 0, 0] @ words[0]  # 6 x 3
    scores = torch.einsum("chw,ct->thw", features[0], projected).softmax(dim=0)
    torch.testing.assert_close(weights[0], scores)
    torch.testing.assert_close(context[0], torch.einsum("ct,thw->chw", projected, scores))


def test_masks_agree_for_one_caption() -> None:
    assert_same(run([3], official=True), run([3], official=False))


def test_masks_agree_for_equal_lengths() -> None:
    assert_same(run([4, 4, 4], official=True), run([4, 4, 4], official=False))


def test_official_mask_mixes_the_captions() -> None:
    _, weights = run([5, 3, 1], official=True)
    flat = weights[2].flatten(1)  # T x Q; place q of image 2 has the mask of caption (2 * 16 + q) mod 3
    hidden = flat == 0
    expected = torch.tensor([[word >= [5, 3, 1][(32 + place) % 3] for place in range(16)] for word in range(5)])
    assert torch.equal(hidden, expected)


def test_own_mask_makes_a_image_independent_of_its_batch() -> None:
    assert_same(
        Attended(*(value[1:2] for value in run([5, 3, 1], official=False))),
        run([5, 3, 1], official=False, rows=slice(1, 2)),
    )
    mixed, alone = run([5, 3, 1], official=True), run([5, 3, 1], official=True, rows=slice(1, 2))
    assert (mixed.weights[1:2] - alone.weights).abs().max() > 0.1
