"""Captions with the word of a position turned into its opposite: what positional alignment ranks against."""

from __future__ import annotations

import re
from typing import Final

_PAIRS: Final = (
    ("left", "right"),
    ("above", "below"),
    ("over", "under"),
    ("on top of", "underneath"),
    ("in front of", "behind"),
    ("inside", "outside"),
    ("top", "bottom"),
)
_OPPOSITE: Final = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_WORD: Final = re.compile(rf"\b({'|'.join(sorted(_OPPOSITE, key=len, reverse=True))})\b", re.IGNORECASE)


def swapped(caption: str) -> tuple[str, str] | None:
    """Return (position word, the caption with its first one turned into the opposite); None where there is none.

    Source: the idea of Dinh et al., TISE, 2022, section 3.4; their list of captions was not published, the words are
    ours.
    """
    found = _WORD.search(caption)
    if found is None:
        return None
    word = found[1].lower()
    return word, f"{caption[: found.start()]}{_OPPOSITE[word]}{caption[found.end() :]}"
