"""What captions of scenes of digits state, read back out of the sentence, and what is true of a scene.

Captions are made from `scenes.TEMPLATES`; the same sentences take them apart here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from t2ibench_simulations.mnist_captions.scenes import DIGIT, PAIRS, SIDE, TEMPLATES

Statement = tuple[str, str]
"""(subject, word): ("layout", "left and right"), ("shown", "3"), ("shown twice", "3") or ("left", "3")."""

LAYOUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "left and right": ("left", "right"),
    "top and bottom": ("top", "bottom"),
    "top left": ("top left",),
    "bottom right": ("bottom right",),
    "top right": ("top right",),
    "bottom left": ("bottom left",),
}
"""How the digits of a scene can lie -> the places that hold one, the caption's first digit first."""

PLACES: Final[tuple[str, ...]] = tuple(place for places in LAYOUTS.values() for place in places)
"""Where a digit can be."""

_MIDDLE, _FAR = (SIDE - DIGIT) // 2 + 1, SIDE - DIGIT - 2
CORNERS: Final[Mapping[str, tuple[int, int]]] = {
    "left": (_MIDDLE, 2),
    "right": (_MIDDLE, _FAR),
    "top": (1, _MIDDLE),
    "bottom": (_FAR + 1, _MIDDLE),
    "top left": (1, 2),
    "bottom right": (_FAR + 1, _FAR),
    "top right": (1, _FAR),
    "bottom left": (_FAR + 1, 2),
}
"""Place -> (row, column) of the digit's upper left corner, the middle of what `scenes` draws from."""

_DIGITS: Final = tuple("0123456789")
_SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "layout": tuple(LAYOUTS),
    "shown": _DIGITS,
    "shown twice": _DIGITS,
    **dict.fromkeys(PLACES, _DIGITS),
}

STATEMENTS: Final[tuple[Statement, ...]] = tuple(
    (subject, word) for subject, words in _SUBJECTS.items() for word in words
)
"""All there are, in a fixed order: 6 layouts, 10 digits, 10 digits twice, 8 places of 10 digits each."""

POSITIONS: Final = slice(0, len(LAYOUTS))
"""Which of STATEMENTS say how the digits lie."""

SHOWN: Final = slice(POSITIONS.stop, POSITIONS.stop + 2 * len(_DIGITS))
"""Which say what digits there are, wherever. Two threes are two statements: that there is one, and another."""

IN_PLACE: Final = slice(SHOWN.stop, len(STATEMENTS))
"""Which say what digit is at a place."""

_SENTENCES: Final = tuple(
    re.compile(sentence.replace(".", r"\.").format(first="(?P<first>[0-9])", second="(?P<second>[0-9])"))
    for sentence in TEMPLATES
)


def layout_of(template: int) -> str:
    """Return the layout that a template speaks of; two templates share each of those with two digits."""
    return tuple(LAYOUTS)[template // 2 if template < PAIRS else template - 2]


def true_statements(layout: str, digits: Sequence[int]) -> frozenset[Statement]:
    """Return everything that a caption could state of a scene.

    Args:
        layout: of LAYOUTS.
        digits: what is shown, one for each of its places in order.
    """
    true = {("layout", layout)}
    for place, digit in zip(LAYOUTS[layout], digits, strict=True):
        true |= {("shown", str(digit)), (place, str(digit))}
    if len(digits) > len(set(digits)):
        true.add(("shown twice", str(digits[0])))
    return frozenset(true)


def statements_in(caption: str) -> frozenset[Statement]:
    """Return what a caption states; sentences that are not of this data set's templates state nothing."""
    text = " ".join(caption.lower().split())
    for template, sentence in enumerate(_SENTENCES):
        if found := sentence.fullmatch(text):
            named = found.groupdict()
            digits = [int(named[name]) for name in ("first", "second") if name in named]
            return true_statements(layout_of(template), digits)
    return frozenset()
