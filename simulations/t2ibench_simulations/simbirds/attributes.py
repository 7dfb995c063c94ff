"""What a simbird looks like, in words: colours of parts, patterns, bill, tail and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

Colour = Literal["black", "white", "grey", "brown", "red", "orange", "yellow", "green", "blue", "purple", "pink"]
Part = Literal["crown", "head", "back", "wing", "breast", "belly", "tail", "bill", "legs"]
WingPattern = Literal["plain", "barred", "striped"]
BreastPattern = Literal["plain", "spotted", "streaked"]
HeadMark = Literal["none", "eyebrow", "mask", "eyering", "crest"]
BillLength = Literal["short", "medium", "long"]
BillShape = Literal["pointed", "curved", "hooked", "broad"]
TailLength = Literal["short", "medium", "long"]
Size = Literal["tiny", "small", "medium", "large"]

COLOURS: tuple[Colour, ...] = get_args(Colour)
PARTS: tuple[Part, ...] = get_args(Part)
PLUMAGE: tuple[Part, ...] = ("crown", "head", "back", "wing", "breast", "belly", "tail")
BILL_COLOURS: tuple[Colour, ...] = ("black", "grey", "brown", "orange", "yellow", "red")
LEG_COLOURS: tuple[Colour, ...] = ("black", "grey", "brown", "orange", "yellow", "red", "pink")

WORDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(PLUMAGE, COLOURS), "bill": BILL_COLOURS, "legs": LEG_COLOURS,
    "wing_pattern": get_args(WingPattern), "breast_pattern": get_args(BreastPattern),
    "head_mark": get_args(HeadMark), "bill_length": get_args(BillLength), "bill_shape": get_args(BillShape),
    "tail_length": get_args(TailLength), "size": get_args(Size),
}  # fmt: skip
"""Attribute (a field of `Attributes`) -> its words, in the order of networks' classes."""

# Far apart from each other even after shading, so that a colour word can be read off a 64 pixel image.
RGB: dict[Colour, tuple[int, int, int]] = {
    "black": (36, 35, 41),
    "white": (246, 244, 238),
    "grey": (141, 146, 154),
    "brown": (122, 76, 42),
    "red": (206, 36, 38),
    "orange": (242, 128, 24),
    "yellow": (252, 214, 44),
    "green": (58, 146, 66),
    "blue": (40, 96, 206),
    "purple": (124, 62, 164),
    "pink": (244, 144, 178),
}

# The colour a bar, stripe, spot or head mark takes on a ground of each colour.
_MARKED_WHITE: tuple[Colour, ...] = ("black", "brown", "red", "green", "blue", "purple")
CONTRAST: dict[Colour, Colour] = {colour: "white" if colour in _MARKED_WHITE else "black" for colour in COLOURS}


@dataclass(frozen=True, slots=True)
class Attributes:
    """One bird in words. Change one value with `dataclasses.replace` and draw it again.

    Attributes:
        crown: colour of the cap; equal to `head` on most birds.
        head: colour of face and nape.
        back: colour of the upper side beside the wing.
        wing: colour of the wing.
        breast: colour of throat and breast.
        belly: colour of the underside.
        tail: colour of the tail.
        bill: colour of the bill, one of BILL_COLOURS.
        legs: colour of legs and feet, one of LEG_COLOURS.
        wing_pattern: "barred" has two cross bars, "striped" stripes along the feathers.
        breast_pattern: "spotted" has dots, "streaked" short dashes; both on breast and belly.
        head_mark: stripe over the eye, band through the eye, ring round the eye, or a crest of feathers.
        bill_length: length of the bill against the head.
        bill_shape: outline of the bill.
        tail_length: length of the tail against the body.
        size: size class, seen in proportions: "tiny" is round with a big head, "large" stands on long legs with a
            long neck.
    """

    crown: Colour
    head: Colour
    back: Colour
    wing: Colour
    breast: Colour
    belly: Colour
    tail: Colour
    bill: Colour
    legs: Colour
    wing_pattern: WingPattern
    breast_pattern: BreastPattern
    head_mark: HeadMark
    bill_length: BillLength
    bill_shape: BillShape
    tail_length: TailLength
    size: Size

    def colour(self, part: Part) -> Colour:
        """Return the colour name of a part."""
        colour: Colour = getattr(self, part)
        return colour

    @property
    def colours(self) -> dict[Part, Colour]:
        """The colour name of every part."""
        return {part: self.colour(part) for part in PARTS}

    @property
    def wing_mark_colour(self) -> Colour:
        """Colour of wing bars or stripes (drawn only where `wing_pattern` is not "plain")."""
        return CONTRAST[self.wing]

    @property
    def breast_mark_colour(self) -> Colour:
        """Colour of spots or streaks (drawn only where `breast_pattern` is not "plain")."""
        return CONTRAST[self.breast]

    @property
    def head_mark_colour(self) -> Colour:
        """Colour of the head mark: a crest is part of the crown, a mask is dark where it can be."""
        if self.head_mark == "crest":
            return self.crown
        if self.head_mark == "mask":
            return "white" if self.head == "black" else "black"
        return CONTRAST[self.head]

    def as_dict(self) -> dict[str, str]:
        """Return every attribute by name, in the order of the fields."""
        return asdict(self)
