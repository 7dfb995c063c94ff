"""What simscenes can show, in words: kinds of objects, colours, places, and the pairs kept out of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Colour = Literal["red", "orange", "yellow", "green", "blue", "purple", "white", "black"]
Kind = Literal["ball", "cube", "car", "tree", "house", "cat", "mug", "flower", "balloon", "kite"]
Place = Literal["meadow", "beach", "snow", "street", "room"]
Relation = Literal["left of", "above", "on", "beside"]
Rgb = tuple[int, int, int]

COLOURS: Final[tuple[Colour, ...]] = get_args(Colour)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
PLACES: Final[tuple[Place, ...]] = get_args(Place)
RELATIONS: Final[tuple[Relation, ...]] = get_args(Relation)
MOST_OBJECTS: Final = 4
"""Objects of a kind in an image; counts are 1 to 4."""

RGB: Final[dict[Colour, Rgb]] = {
    "red": (208, 38, 40),
    "orange": (242, 130, 28),
    "yellow": (250, 210, 46),
    "green": (48, 148, 62),
    "blue": (38, 96, 208),
    "purple": (126, 62, 166),
    "white": (247, 246, 242),
    "black": (40, 39, 45),
}


@dataclass(frozen=True, slots=True)
class Nature:
    """How a kind of object behaves.

    Attributes:
        plural: its name for two or more.
        supercategory: as COCO's annotations group it.
        width: against the image's side, alone in an image.
        height: likewise.
        flies: whether it is in the air rather than on the ground.
        carries: height of the place for something on it, against its own height; 0 if nothing can stand on it.
        climbs: whether it can stand on something.
    """

    plural: str
    supercategory: str
    width: float
    height: float
    flies: bool = False
    carries: float = 0.0
    climbs: bool = False


NATURES: Final[dict[Kind, Nature]] = {
    "ball": Nature("balls", "toy", 0.26, 0.26, climbs=True),
    "cube": Nature("cubes", "toy", 0.28, 0.28, carries=0.86, climbs=True),
    "car": Nature("cars", "vehicle", 0.50, 0.25, carries=0.97),
    "tree": Nature("trees", "plant", 0.42, 0.54),
    "house": Nature("houses", "building", 0.46, 0.50, carries=0.95),
    "cat": Nature("cats", "animal", 0.28, 0.34, climbs=True),
    "mug": Nature("mugs", "kitchen", 0.28, 0.25, climbs=True),
    "flower": Nature("flowers", "plant", 0.25, 0.40),
    "balloon": Nature("balloons", "toy", 0.21, 0.40, flies=True),
    "kite": Nature("kites", "toy", 0.29, 0.42, flies=True),
}

HELD_OUT: Final[frozenset[tuple[Kind, Colour]]] = frozenset(
    (kind, COLOURS[(3 * place + 2) % len(COLOURS)]) for place, kind in enumerate(KINDS)
)
"""One colour of every kind that no training image shows; each colour is held out of one or two kinds."""


def indoors(kind: Kind) -> bool:
    """Return whether an object can be in a room."""
    return kind not in ("car", "tree", "house", "kite")
