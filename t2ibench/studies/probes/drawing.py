"""Drawing the wordings of questions with shared noise, and listening to the model's attention while it draws."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from t2ibench.core.machine.threads import side_by_side
from t2ibench.core.types import Caption, PlanItem, Trace
from t2ibench.evaluation.images.sources import AT_ONCE, ModelSource
from t2ibench.studies.probes.questions import Question

ANSWER_VERSION: Final = 2
"""Raised by hand whenever a change here could move an image."""


@dataclass(frozen=True)
class Answer:
    """What a model drew for one question.

    Attributes:
        pixels: uint8 rows x wordings x 3 x resolution x resolution; the images of a row share their noise.
        attention: wordings x {word: share}, the mean over the rows; None without attention.
    """

    pixels: np.ndarray
    attention: list[dict[str, float]] | None


def draw_answer(
    source: ModelSource,
    question: Question,
    *,
    rows: int,
    seed: int,
    device: str,
    listen: bool,
    on_drawn: Callable[[int], object],
) -> Answer:
    """Return what a model draws for a question.

    The noise of an image hangs on (seed, the question, row) alone: the wordings of a row share it, and further rows or
    wordings leave it alone. Images pass through the generator in batches of one size always, as in an evaluation, and
    on a CPU as many batches at a time as torch has threads, each on one of them.

    Args:
        source: the model's images; it reads any text.
        question: what is asked.
        rows: noises of the question.
        seed: of the noise.
        device: where the model is.
        listen: whether to take down the model's attention.
        on_drawn: called with the number of images of every batch.

    Raises:
        UserError: a caption without a known word.
        RunFailedError: an image is not finite.
    """
    size = source.together or AT_ONCE

    def drawn(part: Sequence[PlanItem]) -> tuple[torch.Tensor, list[dict[str, float]]]:
        trace = Trace() if listen else None
        pixels = source.made([*part, *[part[-1]] * (size - len(part))], seed, trace)
        attention = None if trace is None else attention_shares(trace)
        on_drawn(len(part))
        return pixels[: len(part)], [] if attention is None else attention[: len(part)]

    captions = [Caption(question.noise_id, variant.text) for variant in question.variants]
    items = [PlanItem(caption, row) for row in range(rows) for caption in captions]
    parts = [items[start : start + size] for start in range(0, len(items), size)]
    found, shares = zip(*side_by_side(drawn, parts, device=device), strict=True)
    pixels, columns = torch.cat(found).numpy(), len(captions)
    return Answer(pixels.reshape(rows, columns, *pixels.shape[1:]), _means([*itertools.chain(*shares)], rows, columns))


def attention_shares(trace: Trace) -> list[dict[str, float]] | None:
    """Return how a model's attention is divided among a caption's words: word -> share, a mapping an image.

    The mean over the places of an image (or the steps of a drawing), then over the stages; a word that stands twice
    has both shares. None where the model has no attention to words.

    Args:
        trace: filled by the model.
    """
    if trace.attention:
        layers = [(one.words, one.weights.detach().float().flatten(2).mean(dim=2)) for one in trace.attention]  # N x T
    elif trace.drawing is not None and trace.drawing.weights is not None:
        layers = [(trace.drawing.words, trace.drawing.weights.detach().float().mean(dim=1))]  # N x T
    else:
        return None
    rows: list[dict[str, float]] = [{} for _ in layers[0][0]]
    for words, means in layers:
        for row, said, shares in zip(rows, words, means.cpu().tolist(), strict=True):
            for word, share in zip(said, shares[: len(said)], strict=True):
                row[word] = row.get(word, 0.0) + share / len(layers)
    return rows


def _means(shares: Sequence[dict[str, float]], rows: int, columns: int) -> list[dict[str, float]] | None:
    """Return the mean attention over the rows, a mapping a wording; None without attention."""
    if not shares:
        return None
    means: list[dict[str, float]] = [{} for _ in range(columns)]
    for place, share in enumerate(shares):
        for word, value in share.items():
            means[place % columns][word] = means[place % columns].get(word, 0.0) + value / rows
    return means
