"""Scenes of one or two digits, their captions, and which combinations are held out. After alignDRAW's own generator."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from t2ibench.core.noise import seed_of

SIDE: Final = 60
"""Of a scene in pixels."""

DIGIT: Final = 28
"""Side of a digit's image in pixels, margins included."""

SLOTS: Final = 12
"""Roles a digit can have: left and right or top and bottom for each of four sentences, and four places alone."""

PAIRS: Final = 4
"""Templates 0 to 3 speak of two digits, the others of one."""

TEMPLATES: Final = (
    "the digit {first} is on the left of the digit {second} .",
    "the digit {second} is on the right of the digit {first} .",
    "the digit {first} is at the top of the digit {second} .",
    "the digit {second} is at the bottom of the digit {first} .",
    "the digit {first} is at the top left of the image .",
    "the digit {first} is at the bottom right of the image .",
    "the digit {first} is at the top right of the image .",
    "the digit {first} is at the bottom left of the image .",
)

_NEAR, _FAR, _MIDDLE = (0, 4), (28, 32), (16, 18)
_TOP, _BOTTOM = (0, 2), (30, 32)
_CORNERS: Final = {4: (_TOP, _NEAR), 5: (_BOTTOM, _FAR), 6: (_TOP, _FAR), 7: (_BOTTOM, _NEAR)}


@dataclass(frozen=True, slots=True)
class Scene:
    """One image to be made.

    Attributes:
        template: index into TEMPLATES.
        digits: places in the digits' pool, the left or top one first; one or two.
        labels: what they show.
        corners: (row, column) of their upper left corners.
    """

    template: int
    digits: tuple[int, ...]
    labels: tuple[int, ...]
    corners: tuple[tuple[int, int], ...]

    @property
    def caption(self) -> str:
        """The sentence, of twelve tokens, the full stop one of them."""
        return TEMPLATES[self.template].format(first=self.labels[0], second=self.labels[-1])

    @property
    def content(self) -> int:
        """A number for what is shown, the same for the two sentences that can say it: layout, then the digits."""
        layout = self.template // 2 if self.template < PAIRS else self.template
        return layout * 100 + self.labels[0] * 10 + (self.labels[1] if len(self.labels) > 1 else 0)


def choose_bans(seed: int) -> tuple[int, ...]:
    """Return SLOTS digits, 0 to 9: the digit that is held out in each role.

    The official generator draws from 0 to 10, ten banning nothing, and forgets the list with the process.
    """
    numbers = random.Random(seed_of(seed, "mnist-captions", "bans"))
    return tuple(numbers.randrange(10) for _ in range(SLOTS))


def is_held_out(scene: Scene, bans: Sequence[int]) -> bool:
    """Return whether a digit of the scene has a role that it is banned from.

    Roles of template k are slots 2k (left or top digit) and 2k + 1 (the other) for k < 4, and k + 4 for the others.
    What is held out is a digit in a role of a sentence, not a pair of digits.
    """
    first = 2 * scene.template if scene.template < PAIRS else scene.template + 4
    return any(label == bans[first + place] for place, label in enumerate(scene.labels))


def draw_scene(
    labels: Sequence[int], bans: Sequence[int], *, held_out: bool, seed: int, split: str, index: int
) -> Scene:
    """Return the scene number `index` of a split: drawn again, template and all, until it fits.

    Args:
        labels: of the pool's digits.
        bans: as `choose_bans`.
        held_out: whether only held-out combinations are wanted, or only the others.
        seed: of the data set.
        split: its name.
        index: of the scene.
    """
    numbers = random.Random(seed_of(seed, "mnist-captions", split, index))
    while True:
        template = numbers.randrange(len(TEMPLATES))
        chosen = tuple(numbers.randrange(len(labels)) for _ in range(2 if template < PAIRS else 1))
        scene = Scene(template, chosen, tuple(labels[one] for one in chosen), _corners(template, numbers))
        if is_held_out(scene, bans) == held_out:
            return scene


def _corners(template: int, numbers: random.Random) -> tuple[tuple[int, int], ...]:
    """Return where the digits go, as (row, column)."""
    if template < 2:
        row = numbers.randint(*_MIDDLE)
        return (row, numbers.randint(*_NEAR)), (row, numbers.randint(*_FAR))
    if template < PAIRS:
        column = numbers.randint(*_MIDDLE)
        return (numbers.randint(*_TOP), column), (numbers.randint(*_BOTTOM), column)
    rows, columns = _CORNERS[template]
    return ((numbers.randint(*rows), numbers.randint(*columns)),)


def paint(scene: Scene, images: Sequence[np.ndarray]) -> np.ndarray:
    """Return uint8 SIDE x SIDE: the digits on black, the second over the first where they meet.

    Args:
        scene: what goes where.
        images: uint8 DIGIT x DIGIT, one for each of its digits.
    """
    canvas = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for (row, column), image in zip(scene.corners, images, strict=True):
        canvas[row : row + DIGIT, column : column + DIGIT] = image
    return canvas
