"""What a caption states about a scene, read back out of the sentence, and what is true of a scene."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from t2ibench_simulations.simscenes.captions import COUNTS, GROUNDS, SURROUNDINGS, WORDINGS
from t2ibench_simulations.simscenes.scene import Scene
from t2ibench_simulations.simscenes.vocabulary import COLOURS, NATURES, PLACES, Colour, Kind, Place, Relation

_KINDS: Final[dict[str, Kind]] = {word: kind for kind, nature in NATURES.items() for word in (kind, nature.plural)}
_COUNTS: Final = {word: count for count, word in enumerate(COUNTS, start=1)} | {"an": 1, "one": 1}
_COLOURS: Final[dict[str, Colour]] = {colour: colour for colour in COLOURS}
_GROUP: Final = re.compile(
    rf"\b({'|'.join(_COUNTS)}) (?:({'|'.join(COLOURS)}) )?({'|'.join(sorted(_KINDS, key=len, reverse=True))})\b"
)
_WORDINGS: Final = {words: (relation, forward) for relation, ways in WORDINGS.items() for words, forward in ways}
_PLACES: Final[dict[str, Place]] = {
    phrase: place for place in PLACES for table in (GROUNDS, SURROUNDINGS) for phrase in table[place]
}
_PLACE: Final = re.compile(rf"\b({'|'.join(sorted(_PLACES, key=len, reverse=True))})\b")


@dataclass(frozen=True, slots=True)
class Statements:
    """What a sentence says.

    Attributes:
        groups: kind -> (count, colour; None where it says none).
        relations: (kind, relation, kind).
        place: None where it says none.
    """

    groups: dict[Kind, tuple[int, Colour | None]]
    relations: frozenset[tuple[Kind, Relation, Kind]]
    place: Place | None


def statements_in(caption: str) -> Statements:
    """Return what a caption states; words that are not of simscenes' captions state nothing.

    Args:
        caption: a sentence as `captions` makes them.
    """
    text = " ".join(re.sub(r"[^a-z ]", " , ", caption.lower()).split())
    named = _PLACE.search(text)
    text = _PLACE.sub(",", text)  # "on the sand" is no relation
    found = list(_GROUP.finditer(text))
    groups = {_KINDS[match[3]]: (_COUNTS[match[1]], _COLOURS.get(match[2] or "")) for match in found}
    relations: set[tuple[Kind, Relation, Kind]] = set()
    for first, second in pairwise(found):
        wording = _WORDINGS.get(text[first.end() : second.start()].strip())
        if wording is not None:
            relation, forward = wording
            subject, other = (first, second) if forward else (second, first)
            relations.add((_KINDS[subject[3]], relation, _KINDS[other[3]]))
    return Statements(groups, frozenset(relations), _PLACES[named[1]] if named else None)


def is_true(stated: Statements, scene: Scene) -> bool:
    """Return whether a scene is as stated; "beside" goes both ways."""
    shown = {group.kind: (group.count, group.colour) for group in scene.groups}
    kinds = [group.kind for group in scene.groups]
    holding = {(kinds[first], relation, kinds[second]) for first, relation, second in scene.relations}
    holding |= {(other, relation, one) for one, relation, other in holding if relation == "beside"}
    return (
        all(
            kind in shown and shown[kind][0] == count and colour in (None, shown[kind][1])
            for kind, (count, colour) in stated.groups.items()
        )
        and stated.relations <= holding
        and stated.place in (None, scene.place)
    )
