"""Where skipthoughtDRAW and LAPGAN get their sentence vectors: nobody trains them, no image taught them anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from t2ibench.text.sentence_vectors import HashedSentences, SkipThoughts

VectorSource = Literal["hashed", "skip-thoughts"]
VectorEncoder = HashedSentences | SkipThoughts

VECTOR_ENCODERS: Final[Mapping[VectorSource, str]] = {"hashed": "hashed_sentences", "skip-thoughts": "skip_thoughts"}
"""What the parameter `text` may be -> the registered name of the encoder that it means."""
