"""Drawing the wordings of questions with shared noise, and listening to the model's attention while it draws."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from t2ibench.core.errors import RunFailedError
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import BoundNoise, TextToImage
from t2ibench.core.machine.threads import side_by_side
from t2ibench.core.noise import Noise
from t2ibench.core.types import Caption, Trace
from t2ibench.evaluation.images.manner import Manner
from t2ibench.evaluation.images.pixels import resized, to_uint8
from t2ibench.evaluation.images.sources import AT_ONCE, OWN_MANNER
from t2ibench.models.folder import ModelFolder
from t2ibench.studies.probes.questions import Question
from t2ibench.studies.probes.words import attention_shares

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


def identity_of(folder: ModelFolder) -> str:
    """Return the digest of all that a model's images depend on besides captions and noise, as `eval` has it."""
    manner = Manner.of(folder, OWN_MANNER)
    return digest_of({"model": folder.identity, "noise": "keyed-noise-1", **manner.identity})


def draw_answer(
    model: TextToImage,
    folder: ModelFolder,
    question: Question,
    *,
    rows: int,
    seed: int,
    resolution: int,
    device: torch.device,
    listen: bool = False,
    on_drawn: Callable[[int], object] = lambda count: None,
) -> Answer:
    """Return what a model draws for a question.

    The noise of an image hangs on (seed, the question, row) alone: the wordings of a row share it, and further rows or
    wordings leave it alone. Images pass through the generator in batches of one size always, as in an evaluation, and
    on a CPU as many batches at a time as torch has threads, each on one of them.

    Args:
        model: reads any text.
        folder: it came from.
        question: what is asked.
        rows: noises of the question.
        seed: of the noise.
        resolution: pixels a side of the answers; others are resized.
        device: where the model is.
        listen: whether to take down the model's attention.
        on_drawn: called with the number of images of every batch.

    Raises:
        UserError: a caption without a known word.
        RunFailedError: an image is not finite.
    """
    noise, size = Noise(seed), Manner.of(folder, OWN_MANNER).together or AT_ONCE

    def drawn(part: Sequence[tuple[int, int]]) -> tuple[torch.Tensor, list[dict[str, float]]]:
        padded = [*part, *[part[-1]] * (size - len(part))]
        captions = [_caption(question, column) for _, column in padded]
        bound = noise.bind([(question.noise_id, row) for row, _ in padded], device)
        pixels, attention = _batch(model, folder, captions, bound, resolution, Trace() if listen else None)
        on_drawn(len(part))
        return pixels[: len(part)], [] if attention is None else attention[: len(part)]

    columns = len(question.variants)
    items = list(itertools.product(range(rows), range(columns)))
    parts = [items[start : start + size] for start in range(0, len(items), size)]
    made, shares = zip(*side_by_side(drawn, parts, device=str(device)), strict=True)
    pixels = torch.cat(made).numpy()
    return Answer(pixels.reshape(rows, columns, *pixels.shape[1:]), _means([*itertools.chain(*shares)], rows, columns))


def _caption(question: Question, column: int) -> Caption:
    return Caption(f"{question.noise_id}#{column}", question.variants[column].text)


def _batch(
    model: TextToImage,
    folder: ModelFolder,
    captions: Sequence[Caption],
    noise: BoundNoise,
    resolution: int,
    trace: Trace | None,
) -> tuple[torch.Tensor, list[dict[str, float]] | None]:
    """Return (uint8 images N x 3 x resolution x resolution, attention)."""
    images = model.generate(captions, noise, trace=trace).detach().cpu()
    if not torch.isfinite(images).all():
        raise RunFailedError(
            f"{folder.label} made images that are not finite, for example of {captions[0].text!r}: its training may "
            f"have diverged; train it again with a smaller learning rate ({folder.path})."
        )
    return resized(to_uint8(images, "round"), resolution), None if trace is None else attention_shares(trace)


def _means(shares: Sequence[dict[str, float]], rows: int, columns: int) -> list[dict[str, float]] | None:
    """Return the mean attention over the rows, a mapping a wording; None without attention."""
    if not shares:
        return None
    means: list[dict[str, float]] = [{} for _ in range(columns)]
    for place, share in enumerate(shares):
        for word, value in share.items():
            means[place % columns][word] = means[place % columns].get(word, 0.0) + value / rows
    return means
