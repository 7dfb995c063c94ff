"""Which of COCO's 80 objects a caption names, by rules on its words.

The rules are ours, after the idea of Hinz et al., Semantic Object Accuracy, 2020, appendix: a label has names, and some
expressions that hold a name mean something else ("hot dog" is no dog, a "teddy bear" no bear). Plurals are understood.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

_WORDS: Final = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
NAMES: Final[dict[str, list[str]]] = _WORDS["names"]
"""COCO's label -> its names in captions, singular or with an irregular plural. The order is COCO's."""

NUMBERS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6}
"""Word -> how many it says."""

OPEN: Final = 0.5
"""What stands for "some" in the place of a number: above 0, and below any number that a caption states."""


def numbers_in(caption: str) -> dict[str, float]:
    """Return label, of COCO's 80, that a caption names -> how many of it; `OPEN` where it does not say.

    The longest name wins: "a hot dog on a dining table" names a hot dog and a dining table, and no dog. A number word
    counts at most two words before the name ("two small dogs"); where a label is named twice, the larger number.
    """
    text = f" {' '.join(re.findall(r'[a-z]+', caption.lower()))} "
    found: dict[str, float] = {}
    for expression in _EXPRESSIONS:
        while f" {expression} " in text:
            before, _, after = text.partition(f" {expression} ")
            if expression in _LABELS:
                near = [NUMBERS[word] for word in before.split()[-3:] if word in NUMBERS]
                label = _LABELS[expression]
                found[label] = max(found.get(label, OPEN), near[-1] if near else OPEN)
            text = f"{before} - {after}"
    return found


def _plural(name: str) -> str:
    if name.endswith(("s", "sh", "ch", "x")):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2] not in "aeiou" else f"{name}s"


_LABELS: Final = {
    form: label for label, names in NAMES.items() for name in names for form in dict.fromkeys((name, _plural(name)))
}
_EXPRESSIONS: Final = sorted({*_LABELS, *_WORDS["other_meanings"]}, key=lambda words: (-len(words), words))
