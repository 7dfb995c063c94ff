"""The single facts that captions are put together from, each in words chosen anew."""

from __future__ import annotations

import random
from dataclasses import dataclass

from t2ibench_simulations.simbirds.attributes import Attributes, Colour
from t2ibench_simulations.simbirds.named_parts import BILLS, BREAST_PATTERNS, HEAD_MARKS, NOUNS, WING_PATTERNS

_GREY_AS_GRAY = 0.15


@dataclass(frozen=True, slots=True)
class Fact:
    """Something true of a bird that can be said.

    Attributes:
        noun: the part as the sentence calls it.
        adjectives: what is said of it, as in ("short", "pointed").
        pattern: what follows the noun, as in " with white wingbars"; "" mostly.
        plural: whether the noun is plural.
    """

    noun: str
    adjectives: tuple[str, ...]
    pattern: str = ""
    plural: bool = False

    @property
    def phrase(self) -> str:
        """The fact as a thing to have: "a short pointed bill"."""
        body = f"{' '.join(self.adjectives)} {self.noun}{self.pattern}"
        return body if self.plural else with_article(body)

    @property
    def clause(self) -> str:
        """The fact as a clause: "its belly is white"."""
        return f"its {self.noun} {'are' if self.plural else 'is'} {' and '.join(self.adjectives)}{self.pattern}"


def with_article(words: str) -> str:
    """Return the words with "a" or "an" before them."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def listed(parts: list[str]) -> str:
    """Return "a", "a and b" or "a, b and c" of one part or more."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def facts_of(bird: Attributes, generator: random.Random, *, legs: bool) -> dict[str, Fact]:
    """Return all that can be said of a bird, by topic: wing, belly, crown, breast, back, tail, bill, face, legs, mark.

    Args:
        bird: the bird.
        generator: chooses between synonyms.
        legs: whether the legs can be seen.
    """
    facts = _plumage(bird, generator)
    facts["bill"] = _bill(bird, generator)
    if legs:
        facts["legs"] = Fact(generator.choice(NOUNS["legs"]), (_say(bird.legs, generator),), plural=True)
    nouns = HEAD_MARKS[bird.head_mark]
    if nouns:
        facts["mark"] = Fact(generator.choice(nouns), (_say(bird.head_mark_colour, generator),))
    return facts


def _say(colour: Colour, generator: random.Random) -> str:
    return "gray" if colour == "grey" and generator.random() < _GREY_AS_GRAY else colour


def _plumage(bird: Attributes, generator: random.Random) -> dict[str, Fact]:
    pick = generator.choice
    bars = WING_PATTERNS[bird.wing_pattern]
    wings = f" with {_say(bird.wing_mark_colour, generator)} {pick(bars)}" if bars and generator.random() < 0.6 else ""
    spots = BREAST_PATTERNS[bird.breast_pattern]
    marked = bool(spots) and generator.random() < 0.6
    breast = f" with {_say(bird.breast_mark_colour, generator)} {pick(spots)}" if marked else ""
    length = (bird.tail_length,) if bird.tail_length != "medium" and generator.random() < 0.4 else ()
    whole_head = bird.crown == bird.head
    facts = {
        "wing": Fact(NOUNS["wing"][0], (_say(bird.wing, generator),), wings, plural=True),
        "belly": Fact(pick(NOUNS["belly"]), (_say(bird.belly, generator),)),
        "crown": Fact(pick(NOUNS["whole head" if whole_head else "crown"]), (_say(bird.crown, generator),)),
        "breast": Fact(pick(NOUNS["marked breast" if breast else "breast"]), (_say(bird.breast, generator),), breast),
        "back": Fact(NOUNS["back"][0], (_say(bird.back, generator),)),
        "tail": Fact(NOUNS["tail"][0], (*length, _say(bird.tail, generator))),
    }
    if not whole_head:
        cheeks = generator.random() < 0.4
        facts["face"] = Fact(NOUNS["faces" if cheeks else "face"][0], (_say(bird.head, generator),), plural=cheeks)
    return facts


def _bill(bird: Attributes, generator: random.Random) -> Fact:
    noun = generator.choice(NOUNS["bill"])
    shape, colour = generator.choice(BILLS[bird.bill_shape]), _say(bird.bill, generator)
    length = "medium sized" if bird.bill_length == "medium" else bird.bill_length
    way = generator.random()
    if way < 0.40:
        return Fact(noun, (shape, colour) if bird.bill_length == "medium" else (length, shape))
    if way < 0.60:
        return Fact(noun, (length, colour))
    return Fact(noun, (shape, colour) if way < 0.80 else (colour,))
