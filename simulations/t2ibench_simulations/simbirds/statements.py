"""What a caption states about a bird, read back out of the sentence, and what is true of a bird.

Captions are put together from the facts of `facts`; the same tables of words take them apart here.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from t2ibench_simulations.simbirds.attributes import BILL_COLOURS, COLOURS, LEG_COLOURS, PLUMAGE, Attributes
from t2ibench_simulations.simbirds.named_parts import BILLS, BREAST_PATTERNS, HEAD_MARKS, NOUNS, SIZES, WING_PATTERNS

Statement = tuple[str, str]
"""(subject, word), as in ("wing", "blue") or ("bill shape", "hooked")."""

MAIN_PARTS: Final = 5
"""Parts of the plumage, of seven, that have the colour a bird "mostly" has."""

SUBJECTS: Final[dict[str, tuple[str, ...]]] = {
    "crown": COLOURS, "head": COLOURS, "face": COLOURS, "back": COLOURS, "wing": COLOURS, "breast": COLOURS,
    "belly": COLOURS, "tail": COLOURS, "bill": BILL_COLOURS, "legs": LEG_COLOURS, "main": COLOURS,
    "wing pattern": ("barred", "striped"), "breast pattern": ("spotted", "streaked"),
    "head mark": ("eyebrow", "mask", "eyering", "crest"), "bill length": ("short", "medium", "long"),
    "bill shape": tuple(BILLS), "tail length": ("short", "long"), "size": tuple(SIZES),
}  # fmt: skip
"""What captions speak of -> the words they may say of it. "head" is crown and face together; "main" the colour of five
or more of the seven parts of the plumage. Colours of bars, spots and head marks follow from the colour of their ground
and are not stated separately."""

STATEMENTS: Final[tuple[Statement, ...]] = tuple(
    (subject, word) for subject, words in SUBJECTS.items() for word in words
)
"""All there are, in a fixed order."""


def true_statements(bird: Attributes) -> frozenset[Statement]:
    """Return everything true of a bird that a caption could state."""
    said = {part: bird.colour(part) for part in ("crown", "back", "wing", "breast", "belly", "tail", "bill", "legs")}
    true: set[Statement] = set(said.items())
    true.add(("face", bird.head))
    if bird.crown == bird.head:
        true.add(("head", bird.head))
    colour, count = Counter(bird.colour(part) for part in PLUMAGE).most_common(1)[0]
    if count >= MAIN_PARTS:
        true.add(("main", colour))
    for subject in ("wing pattern", "breast pattern", "head mark", "bill length", "bill shape", "tail length", "size"):
        true.add((subject, getattr(bird, subject.replace(" ", "_"))))
    return frozenset(true.intersection(STATEMENTS))


def statements_in(caption: str) -> frozenset[Statement]:
    """Return what a caption states; words that are not of simbirds' captions state nothing.

    Args:
        caption: a sentence as `captions` makes them.
    """
    text = re.sub(r"\bgray\b", "grey", caption.lower())
    bird = _BIRD.match(text)
    opening, facts = (f"{bird['before']} {bird['about'] or ''}", bird["facts"]) if bird else ("", text)
    stated = _first(opening, _SIZES) | {("main", word) for word in opening.split() if word in COLOURS}
    topic = ""
    for piece in re.split(r",| and ", facts):
        thing, _, pattern = piece.partition(" with ")
        # "its bill is short and pointed": what follows "and" without a noun is said of the noun before.
        kept = "" if re.match(r" *(an?|the|its)\b", thing) else topic
        topic = next((topics for noun, topics in _NOUNS.items() if re.search(rf"\b{noun}\b", thing)), kept)
        stated |= _said(topic, thing) | _first(pattern, _PATTERNS)
    return frozenset(stated.intersection(STATEMENTS))


# The opening ends with the bird and what is said of it at once: "this is a red bird with", "the bird is tall with".
_BIRD: Final = re.compile(
    r"(?P<before>.*?)\bbird\b(?:'s| that has\b| has\b| with\b| is (?P<about>.*?) with\b)?(?P<facts>.*)"
)
_SIZES: Final = {synonym: ("size", word) for word, synonyms in SIZES.items() for synonym in synonyms}
_PATTERNS: Final = {
    synonym: (subject, word)
    for subject, words in (("wing pattern", WING_PATTERNS), ("breast pattern", BREAST_PATTERNS))
    for word, synonyms in words.items()
    for synonym in synonyms
}
_MARKS: Final = {noun: mark for mark, nouns in HEAD_MARKS.items() for noun in nouns}
_BILL_SHAPES: Final = {synonym: word for word, synonyms in BILLS.items() for synonym in synonyms}
_TOPICS: Final = {"faces": "face", "marked breast": "breast", "whole head": "head"}
_NOUNS: Final[dict[str, str]] = {
    **{noun: "head mark" for noun in sorted(_MARKS, key=len, reverse=True)},
    **{noun: _TOPICS.get(name, name) for name, nouns in NOUNS.items() for noun in nouns},
    "crown": "crown",  # said of a whole head too, and then of its upper side alone
}


def _said(topic: str, thing: str) -> set[Statement]:
    """Return what the words of a piece state of its topic."""
    if topic == "head mark":
        return {("head mark", mark) for noun, mark in _MARKS.items() if re.search(rf"\b{noun}\b", thing)}
    words = thing.split()
    stated: set[Statement] = {(topic, word) for word in words if word in COLOURS}
    if topic in ("bill", "tail"):
        stated |= {(f"{topic} length", word) for word in words if word in ("short", "medium", "long")}
    if topic == "bill":
        stated |= {("bill shape", _BILL_SHAPES[word]) for word in words if word in _BILL_SHAPES}
    return stated


def _first(text: str, table: dict[str, Statement]) -> set[Statement]:
    """Return the statement of the longest of the table's expressions that stands in the text; none if none does."""
    for expression in sorted(table, key=len, reverse=True):
        if re.search(rf"\b{expression}\b", text):
            return {table[expression]}
    return set()
