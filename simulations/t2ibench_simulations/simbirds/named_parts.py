"""The words of captions and names, as `words.toml` has them, and the part of a bird that each word speaks of."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from t2ibench_simulations.simbirds.attributes import COLOURS, Part

WORDS: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
SIZES: Final[dict[str, list[str]]] = WORDS["sizes"]
BILLS: Final[dict[str, list[str]]] = WORDS["bills"]
NOUNS: Final[dict[str, list[str]]] = WORDS["nouns"]
HEAD_MARKS: Final[dict[str, list[str]]] = WORDS["head_marks"]
WING_PATTERNS: Final[dict[str, list[str]]] = WORDS["wing_patterns"]
BREAST_PATTERNS: Final[dict[str, list[str]]] = WORDS["breast_patterns"]
"""Word of an attribute, or topic -> how it is called; a word that stands twice is said twice as often."""
_PARTS_OF: Final[Mapping[str, tuple[Part, ...]]] = {
    "whole head": ("crown", "head"), "face": ("head",), "faces": ("head",), "marked breast": ("breast",),
}  # fmt: skip
NOUN_PARTS: Final[Mapping[str, tuple[Part, ...]]] = {
    noun: _PARTS_OF.get(name, (name,))  # type: ignore[arg-type]  # names that are no part stand in _PARTS_OF
    for name, nouns in NOUNS.items()
    for noun in nouns
}
"""A part's name in captions -> the parts it means; "crown", which is said of a whole head too, the crown alone."""
COLOUR_WORDS: Final = frozenset((*COLOURS, "gray"))
_BETWEEN: Final = COLOUR_WORDS | {"short", "medium", "long", "and", "very", *(w for ws in BILLS.values() for w in ws)}
"""What may stand between a colour and the part it is said of."""
_IS: Final = frozenset(("is", "are"))
FUNCTION_WORDS: Final = frozenset((
    "this", "that", "a", "an", "the", "is", "are", "has", "have", "with", "its", "it", "and", "of", "which", "in", "on",
))  # fmt: skip
"""Words that say nothing of what the picture looks like."""


def named_parts(words: Sequence[str]) -> list[tuple[Part, ...]]:
    """Return, for each word of a caption, the parts it speaks of; () for words of no part.

    A colour is said of the next part's name if only such words stand between ("blue and white wings"), else of the one
    before "is" or "are" ("its wings are blue"). Colours of bars, stripes and of the whole bird speak of no part.
    """
    return [_parts(words, place) for place in range(len(words))]


def _parts(words: Sequence[str], place: int) -> tuple[Part, ...]:
    word = words[place]
    if word not in COLOUR_WORDS:
        return NOUN_PARTS.get(word, ())
    after = next((one for one in words[place + 1 :] if one not in _BETWEEN), "")
    if after in NOUN_PARTS:
        return NOUN_PARTS[after]
    before = [one for one in words[:place] if one not in _BETWEEN][-2:]
    return NOUN_PARTS.get(before[0], ()) if len(before) == 2 and before[1] in _IS else ()
