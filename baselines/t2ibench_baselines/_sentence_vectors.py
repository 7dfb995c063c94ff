"""Where skipthoughtDRAW and LAPGAN get their sentence vectors: nobody trains them, no image taught them anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from t2ibench.text.sentence_vectors import HashedSentences, SkipThoughts

VectorSource = Literal["hashed", "skip-thoughts"]
VectorEncoder = HashedSentences | SkipThoughts

_ENCODERS: Final[Mapping[VectorSource, str]] = {"hashed": "hashed_sentences", "skip-thoughts": "skip_thoughts"}


def encoder_name(source: VectorSource) -> str:
    """Return the registered name of the encoder that the parameter `text` means."""
    return _ENCODERS[source]


def encoder_of(source: VectorSource, encoders: Mapping[str, Any]) -> VectorEncoder:
    """Return the encoder that the parameter `text` means, of those that a model is built with."""
    found: VectorEncoder = encoders[encoder_name(source)]
    return found
