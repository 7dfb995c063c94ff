"""Who is left of, above, on or beside whom, from where objects are seen: the rules that scenes are laid out by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Final, NamedTuple

from t2ibench_simulations.simscenes.vocabulary import NATURES, Kind, Relation

PIXEL: Final = 1 / 64
"""A pixel of the images that are judged: what a place that is read off an image may be wrong by."""
BESIDE: Final = 0.045 + 3 * PIXEL
"""The widest gap between things beside each other; scenes are laid out with 0.045 at most between their frames, which
outlines do not always fill."""
LEVEL: Final = 0.02 + 2 * PIXEL
"""How much the feet of things beside each other may differ; scenes are laid out with 0.02 at most."""


class Span(NamedTuple):
    """Where all objects of a kind are seen, in sides of the image from its upper left."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        """Halfway between left and right."""
        return (self.left + self.right) / 2


def relations_among(spans: Mapping[Kind, Span]) -> frozenset[tuple[Kind, Relation, Kind]]:
    """Return (kind, relation, kind) that hold, give or take a pixel or two; "beside" both ways.

    Looks alone decide: whether a house can stand on a cat is not asked.

    Args:
        spans: of the kinds that the image shows.
    """
    return frozenset(
        (one, relation, other) for one, other in permutations(spans, 2) for relation in _holding(spans, one, other)
    )


def _holding(spans: Mapping[Kind, Span], one: Kind, other: Kind) -> Iterator[Relation]:
    first, second = spans[one], spans[other]
    if first.right < second.left + PIXEL and first.middle < second.middle:
        yield "left of"
    over = second.left - PIXEL < first.middle < second.right + PIXEL
    # A thing stands at or below the upper end of what carries it, as a cat on the upper face of a cube.
    rests = second.bottom - (NATURES[other].carries or 1.0) * (second.bottom - second.top)
    if over and first.bottom < second.top + PIXEL / 2:
        yield "above"
    if over and second.top - PIXEL < first.bottom < rests + 4 * PIXEL:
        yield "on"
    gap = max(first.left, second.left) - min(first.right, second.right)
    if -PIXEL < gap < BESIDE and abs(first.bottom - second.bottom) < LEVEL:
        yield "beside"
