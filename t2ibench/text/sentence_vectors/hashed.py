"""A sentence vector of hashed words and pairs of words: what stands in where skip-thought vectors cannot be had."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from pydantic import Field

from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import Caption, ModelCard, Origin
from t2ibench.text.sentence_vectors.look_up import LookUp
from t2ibench.text.tokenizer import tokenize


class HashedSentencesParameters(Frozen):
    """What the vectors depend on.

    Attributes:
        dimension: numbers a sentence, even: one half for words, one for pairs of neighbours. 4800 is skip-thought's.
    """

    dimension: int = Field(default=4800, ge=2, multiple_of=2)


class HashedSentences(LookUp):
    """Any sentence to a fixed vector: signed hashes of its words in one half, of its pairs of words in the other.

    Each half has length 1 (0 where a sentence has no pair), as skip-thought's halves have. Nothing is learned, so no
    image has taught it anything; what it lacks is that like words have like vectors. Weinberger et al., Feature Hashing
    for Large Scale Multitask Learning, ICML 2009, equation 1.
    """

    Parameters = HashedSentencesParameters
    CARD = ModelCard(
        title="Hashed words and pairs of words",
        paper="Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009",
        licence="MIT",
        origin=Origin.RETRAINED,
        notes=("A stand-in for skip-thought vectors: words of like meaning have unlike vectors.",),
    )

    def _rows(self, captions: Sequence[Caption]) -> list[np.ndarray]:
        return [self._vector(caption.text) for caption in captions]

    def _vector(self, text: str) -> np.ndarray:
        words = tokenize(text)
        pairs = [f"{first} {second}" for first, second in pairwise(words)]
        return np.concatenate([_half(words, self.dimension // 2), _half(pairs, self.dimension // 2)])


def _half(grams: Sequence[str], size: int) -> np.ndarray:
    """Return float32 `size`, of length 1 or all 0."""
    half = np.zeros(size, dtype=np.float32)
    for gram in grams:
        number = int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=8).digest(), "little")
        half[(number >> 1) % size] += 1.0 if number & 1 else -1.0
    length = float(np.linalg.norm(half))
    return half / np.float32(length) if length else half
