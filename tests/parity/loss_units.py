"""The set of the losses on plain tensors."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from t2ibench.text.damsm import Gammas, sentence_loss, word_scores, words_loss
from t2ibench_baselines._stackgan.conditioning import Condition, kl_divergence
from tests.parity.entries import Entry, norms
from tests.parity.recipe import GoldenSet


def gammas(golden: GoldenSet) -> Gammas:
    """Return the sharpness factors of the set's configuration."""
    return Gammas(*(golden.setting(f"TRAIN.SMOOTH.GAMMA{number}") for number in (1, 2, 3)))


def outputs(golden: GoldenSet) -> Iterator[Entry]:
    """Yield words and sentence losses with gradients for every case, and the kl_divergence."""
    cases = [name.split(".")[1] for name in golden.names if name.endswith(".features") and name.startswith("in.")]
    for case in cases:
        yield from _case(golden, case)
    mean = golden.tensor("in.KL.mu").requires_grad_()
    log_variance = golden.tensor("in.KL.logvar").requires_grad_()
    loss = kl_divergence(Condition(mean, mean, log_variance))
    loss.backward()
    yield "out.KL.loss", loss
    assert mean.grad is not None and log_variance.grad is not None
    yield "out.KL.grad_mu", mean.grad
    yield "out.KL.grad_logvar", log_variance.grad


def _case(golden: GoldenSet, case: str) -> Iterator[Entry]:
    g = gammas(golden)
    names = ("features", "words", "cnn_code", "sent")
    regions, words, codes, sentences = (golden.tensor(f"in.{case}.{name}").requires_grad_() for name in names)
    lengths = golden.tensor(f"in.{case}.cap_lens")
    classes = golden.tensor(f"in.{case}.class_ids") if f"in.{case}.class_ids" in golden else None
    padding = torch.arange(words.shape[2]) >= lengths[:, None]
    matching = words_loss(regions, words, padding, classes, g)
    matching.total.backward()
    assert regions.grad is not None and words.grad is not None
    yield f"out.{case}.w_loss0", matching.image_to_text
    yield f"out.{case}.w_loss1", matching.text_to_image
    yield f"out.{case}.grad_features", regions.grad
    yield f"out.{case}.grad_words", words.grad
    yield f"out.{case}.gradnorm", norms([regions.grad, words.grad])
    scores, attention = word_scores(regions, words, padding, g)
    yield f"out.{case}.w_scores", _masked(g.matching * scores, classes)
    for number in (0, 1):
        yield f"out.{case}.att{number}", attention[number, number, None, : int(lengths[number])]
    matching = sentence_loss(codes, sentences, classes, g)
    matching.total.backward()
    assert codes.grad is not None and sentences.grad is not None
    yield f"out.{case}.s_loss0", matching.image_to_text
    yield f"out.{case}.s_loss1", matching.text_to_image
    yield f"out.{case}.grad_cnn_code", codes.grad
    yield f"out.{case}.grad_sent", sentences.grad
    cosine = torch.nn.functional.cosine_similarity(codes[:, None], sentences[None], dim=2)
    yield f"out.{case}.s_scores", _masked(g.matching * cosine, classes)


def _masked(scores: torch.Tensor, classes: torch.Tensor | None) -> torch.Tensor:
    if classes is None:
        return scores
    same = (classes[:, None] == classes[None]) & ~torch.eye(len(classes), dtype=torch.bool)
    return scores.masked_fill(same, float("-inf"))
