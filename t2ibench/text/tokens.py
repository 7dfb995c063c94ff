"""Batches of captions as token ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from t2ibench.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.interfaces import BoundNoise
    from t2ibench.core.types import Caption

LONGEST_CAPTION: Final = 256
"""Thinning by keyed noise looks at this many words at most; the number is part of the scheme, as noise has a shape."""


@dataclass(frozen=True, slots=True)
class TokenBatch:
    """Captions as numbers, in the order given (not sorted by length).

    Attributes:
        ids: int64, B x T, right-padded with 0; T is the longest caption's length.
        lengths: int64, B, on the CPU.
        words: the words that were kept, a caption each.
    """

    ids: Tensor
    lengths: Tensor
    words: tuple[tuple[str, ...], ...]


def encode_captions(
    vocabulary: Vocabulary,
    captions: Sequence[Caption],
    *,
    maximum: int | None = None,
    noise: BoundNoise | None = None,
) -> TokenBatch:
    """Return the captions as token ids, on the CPU.

    Args:
        vocabulary: the words known.
        captions: B captions.
        maximum: longer captions are thinned to this many words; None keeps all words.
        noise: which words of a long caption stay is drawn from it (latent "words"), uniformly and in order, as the
            official loader does with numpy's global generator. None keeps the first ones.

    Raises:
        UserError: a caption without a known word.
    """
    import torch

    encoded = [vocabulary.encode(caption.text) for caption in captions]
    if maximum is not None and any(len(ids) > maximum for ids in encoded):
        rows: list[list[float] | None] = [None] * len(captions)
        if noise is not None:
            rows = list(noise.draw("words", (LONGEST_CAPTION,)).tolist())
        encoded = [
            vocabulary.encode(caption.text, maximum, priorities)
            for caption, priorities in zip(captions, rows, strict=True)
        ]
    lengths = torch.tensor([len(ids) for ids in encoded], dtype=torch.int64)  # B
    ids = torch.zeros(len(encoded), int(lengths.max()), dtype=torch.int64)  # B x T
    for row, tokens in zip(ids, encoded, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    return TokenBatch(ids, lengths, tuple(vocabulary.decode(tokens) for tokens in encoded))
