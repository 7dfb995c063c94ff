"""All that captions of simscenes can state, one thing at a time, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations, permutations
from typing import Final

from t2ibench_simulations.simscenes.statements import Statements
from t2ibench_simulations.simscenes.vocabulary import (
    COLOURS,
    KINDS,
    MOST_OBJECTS,
    PLACES,
    RELATIONS,
    Colour,
    Kind,
    Place,
)
from t2ibench_simulations.simscenes.vocabulary import Relation as RelationName

Statement = tuple[str, ...]
"""What it is about, then the words: ("kind", "ball"), ("colour", "ball", "red"), ("count", "ball", "2"),
("left of", "ball", "cube") or ("place", "snow")."""

_KINDS: Final[tuple[Statement, ...]] = tuple(("kind", kind) for kind in KINDS)
_COLOURS: Final[tuple[Statement, ...]] = tuple(("colour", kind, colour) for kind in KINDS for colour in COLOURS)
_COUNTS: Final[tuple[Statement, ...]] = tuple(
    ("count", kind, str(count)) for kind in KINDS for count in range(1, MOST_OBJECTS + 1)
)
# "beside" goes both ways and is one statement.
_RELATIONS: Final[tuple[Statement, ...]] = tuple(
    (relation, one, other)
    for relation in RELATIONS
    for one, other in (combinations if relation == "beside" else permutations)(KINDS, 2)
)
_PLACES: Final[tuple[Statement, ...]] = tuple(("place", place) for place in PLACES)

STATEMENTS: Final[tuple[Statement, ...]] = (*_KINDS, *_COLOURS, *_COUNTS, *_RELATIONS, *_PLACES)
"""All there are: 10 kinds, 80 colours of a kind, 40 counts of a kind, 315 relations of two kinds, 5 places."""

COUNTED: Final = slice(len(_KINDS) + len(_COLOURS), len(_KINDS) + len(_COLOURS) + len(_COUNTS))
"""Which of STATEMENTS say how many there are of a kind."""

RELATED: Final = slice(COUNTED.stop, COUNTED.stop + len(_RELATIONS))
"""Which say how two kinds lie."""


def single_statements(
    groups: Mapping[Kind, tuple[int, Colour | None]],
    relations: Iterable[tuple[Kind, RelationName, Kind]],
    place: Place | None,
) -> frozenset[Statement]:
    """Return the statements of STATEMENTS that groups, relations and a place amount to; see `Statements`."""
    found: set[Statement] = {("place", place)} if place else set()
    for kind, (count, colour) in groups.items():
        found |= {("kind", kind), ("count", kind, str(count))}
        if colour:
            found.add(("colour", kind, colour))
    for one, relation, other in relations:
        turned = relation == "beside" and KINDS.index(one) > KINDS.index(other)
        found.add((relation, other, one) if turned else (relation, one, other))
    return frozenset(found)


def stated_singly(stated: Statements) -> frozenset[Statement]:
    """Return what a caption states, one thing at a time; a kind beside or on itself is no statement of the list."""
    relations = [row for row in stated.relations if row[0] != row[2]]
    return single_statements(stated.groups, relations, stated.place)
