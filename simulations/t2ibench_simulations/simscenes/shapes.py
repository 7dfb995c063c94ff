"""Outlines of the objects. Frame: x from -0.5 to 0.5, y from 0 (ground) up to 1; width and height stretch it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

import numpy as np

from t2ibench_simulations.simbirds.painting.curves import Points, ellipse, ribbon, spline
from t2ibench_simulations.simscenes.vocabulary import NATURES, Kind

INKS: Final[dict[str, tuple[int, int, int]]] = {
    "tyre": (52, 50, 56),
    "metal": (196, 200, 206),
    "glass": (186, 218, 232),
    "bark": (124, 88, 60),
    "leaf": (88, 142, 74),
    "roof": (134, 82, 66),
    "door": (104, 70, 48),
    "string": (110, 106, 104),
    "lamp": (255, 240, 178),
    "eye": (226, 214, 92),
    "pupil": (20, 18, 20),
    "nose": (226, 130, 140),
    "heart": (250, 196, 60),
    "bow": (236, 232, 226),
}


class Patch(NamedTuple):
    """A filled polygon of an object.

    Attributes:
        outline: M x 2.
        ink: a name of INKS, or "" for the object's own colour.
        shade: of the own colour; -1 darker to 1 lighter.
        edged: whether a dark line runs round it, behind all patches.
    """

    outline: Points
    ink: str = ""
    shade: float = 0.0
    edged: bool = False


@cache
def shape_of(kind: Kind) -> tuple[Patch, ...]:
    """Return the patches of a kind, first to last; later ones cover earlier ones."""
    return tuple(_SHAPES[kind]())


def _ball() -> list[Patch]:
    band = spline([(-0.46, 0.60), (-0.2, 0.42), (0.1, 0.37), (0.46, 0.44)])
    return [
        Patch(_round(0, 0.5, 0.5), shade=-0.7, edged=True),
        Patch(_round(-0.025, 0.53, 0.455)),
        Patch(ribbon(band, (0.03, 0.14, 0.03)), shade=0.75),
        Patch(_round(-0.18, 0.74, 0.10, 0.75, 35), shade=1.0),
    ]


def _cube() -> list[Patch]:
    return [
        Patch(_polygon((-0.5, 0), (0.2, 0), (0.2, 0.72), (-0.5, 0.72)), edged=True),
        Patch(_polygon((-0.5, 0.72), (-0.2, 1), (0.5, 1), (0.2, 0.72)), shade=0.8, edged=True),
        Patch(_polygon((0.2, 0), (0.5, 0.28), (0.5, 1), (0.2, 0.72)), shade=-0.9, edged=True),
    ]


def _car() -> list[Patch]:
    body = [
        (-0.5, 0.2),
        (-0.49, 0.5),
        (-0.44, 0.57),
        (0.4, 0.57),
        (0.49, 0.48),
        (0.5, 0.2),
        (0.46, 0.14),
        (-0.46, 0.14),
    ]
    cabin = [(-0.36, 0.55), (-0.25, 0.95), (-0.2, 1.0), (0.08, 1.0), (0.13, 0.95), (0.27, 0.55)]
    patches = [
        Patch(_polygon(*cabin), edged=True),
        Patch(_polygon(*body), edged=True),
        Patch(_polygon((-0.29, 0.58), (-0.21, 0.89), (-0.08, 0.89), (-0.08, 0.58)), "glass"),
        Patch(_polygon((-0.04, 0.58), (-0.04, 0.89), (0.07, 0.89), (0.18, 0.58)), "glass"),
        Patch(_polygon((-0.49, 0.26), (0.495, 0.26), (0.47, 0.16), (-0.46, 0.16)), shade=-0.7),
        Patch(_round(0.465, 0.43, 0.03, 2.0), "lamp"),
    ]
    for x in (-0.27, 0.27):
        patches += [
            Patch(_round(x, 0.19, 0.105, 1.8), "tyre"),
            Patch(_round(x, 0.19, 0.045, 1.8), "metal"),
        ]
    return patches


def _tree() -> list[Patch]:
    lobes = [
        (-0.27, 0.55, 0.23),
        (0.27, 0.55, 0.23),
        (-0.17, 0.76, 0.22),
        (0.19, 0.75, 0.22),
        (0, 0.58, 0.28),
        (0, 0.84, 0.2),
    ]
    trunk = _polygon((-0.09, 0), (-0.06, 0.5), (0.06, 0.5), (0.1, 0))
    crown = [Patch(_round(x, y, r, 0.8), edged=True) for x, y, r in lobes]
    shadow = [Patch(_round(x + 0.06, 0.46, 0.13, 0.5), shade=-0.7) for x in (-0.24, 0.0, 0.22)]
    light = [Patch(_round(x, y, 0.1, 0.8), shade=0.6) for x, y in ((-0.16, 0.82), (-0.3, 0.62), (0.08, 0.9))]
    return [Patch(trunk, "bark", edged=True), *crown, *shadow, *light]


def _house() -> list[Patch]:
    return [
        Patch(_polygon((0.2, 0.74), (0.2, 0.95), (0.31, 0.95), (0.31, 0.72)), "bark", edged=True),
        Patch(_polygon((-0.42, 0), (0.42, 0), (0.42, 0.6), (-0.42, 0.6)), edged=True),
        Patch(_polygon((-0.42, 0.54), (0.42, 0.54), (0.42, 0.6), (-0.42, 0.6)), shade=-0.8),
        Patch(_polygon((-0.5, 0.57), (0.5, 0.57), (0.06, 1.0), (-0.06, 1.0)), "roof", edged=True),
        Patch(_polygon((-0.1, 0), (0.1, 0), (0.1, 0.34), (-0.1, 0.34)), "door"),
        *(Patch(_polygon((x, 0.22), (x + 0.17, 0.22), (x + 0.17, 0.43), (x, 0.43)), "lamp") for x in (-0.34, 0.17)),
        *(
            Patch(_polygon((x + 0.07, 0.22), (x + 0.1, 0.22), (x + 0.1, 0.43), (x + 0.07, 0.43)), "door")
            for x in (-0.34, 0.17)
        ),
    ]


def _cat() -> list[Patch]:
    tail = ribbon(spline([(0.2, 0.07), (0.42, 0.09), (0.46, 0.28), (0.37, 0.42), (0.43, 0.52)]), (0.1, 0.1, 0.09, 0.06))
    body = spline(
        [(-0.3, 0), (-0.31, 0.18), (-0.2, 0.48), (0, 0.58), (0.2, 0.48), (0.31, 0.18), (0.3, 0), (0, -0.01)],
        closed=True,
    )
    head = _round(0, 0.70, 0.29, 0.82)
    ears = [
        _polygon((-0.28, 0.74), (-0.27, 1.0), (-0.06, 0.89)),
        _polygon((0.28, 0.74), (0.27, 1.0), (0.06, 0.89)),
    ]
    patches = [
        Patch(tail, edged=True),
        Patch(body, edged=True),
        *(Patch(ear, edged=True) for ear in ears),
        Patch(head, edged=True),
        *(Patch(_round(x, 0.03, 0.1, 0.45), shade=0.5) for x in (-0.12, 0.12)),
        Patch(_polygon((-0.015, 0.05), (0.015, 0.05), (0.01, 0.28), (-0.01, 0.28)), shade=-0.9),
        Patch(_round(0, 0.62, 0.14, 0.6), shade=0.6),
    ]
    for x in (-0.115, 0.115):
        patches += [Patch(_round(x, 0.735, 0.07), "eye"), Patch(_round(x, 0.735, 0.03, 1.9), "pupil")]
    nose = _polygon((-0.045, 0.665), (0.045, 0.665), (0, 0.625))
    return [*patches, Patch(nose, "nose")]


def _mug() -> list[Patch]:
    handle = [(0.22, 0.78), (0.42, 0.74), (0.45, 0.48), (0.38, 0.26), (0.18, 0.2)]
    body = [(-0.44, 0.88), (-0.42, 0.1), (-0.36, 0.02), (0.12, 0.02), (0.18, 0.1), (0.2, 0.88)]
    return [
        Patch(ribbon(spline(handle), 0.1), shade=-0.4, edged=True),
        Patch(_polygon(*body), edged=True),
        Patch(_round(-0.12, 0.88, 0.32, 0.34), shade=0.7, edged=True),
        Patch(_round(-0.12, 0.87, 0.25, 0.3), shade=-1.0),
        Patch(_polygon((-0.36, 0.74), (-0.34, 0.16), (-0.27, 0.13), (-0.29, 0.72)), shade=0.9),
        Patch(_polygon((0.06, 0.73), (0.05, 0.08), (0.13, 0.08), (0.17, 0.76)), shade=-0.6),
    ]


def _flower() -> list[Patch]:
    middle, turns = (0.0, 0.74), [k * math.pi / 3 + 0.2 for k in range(6)]
    petals = [
        Patch(_round(middle[0] + 0.29 * math.cos(turn), middle[1] + 0.165 * math.sin(turn), 0.19, 0.66), edged=True)
        for turn in turns
    ]
    lights = [
        Patch(_round(middle[0] + 0.33 * math.cos(turn), middle[1] + 0.19 * math.sin(turn), 0.08, 0.66), shade=0.6)
        for turn in turns
    ]
    return [
        Patch(ribbon(spline([(0.03, 0), (-0.03, 0.3), (0, 0.7)]), 0.055), "leaf", edged=True),
        Patch(_round(-0.19, 0.24, 0.2, 0.3, 150), "leaf", edged=True),
        Patch(_round(0.2, 0.16, 0.2, 0.3, 30), "leaf", edged=True),
        *petals,
        *lights,
        Patch(_round(*middle, 0.16, 0.62), "heart", edged=True),
    ]


def _balloon() -> list[Patch]:
    skin = spline(
        [(0, 1), (-0.36, 0.93), (-0.5, 0.74), (-0.36, 0.52), (0, 0.36), (0.36, 0.52), (0.5, 0.74), (0.36, 0.93)],
        closed=True,
    )
    return [
        Patch(ribbon(spline([(0, 0.36), (0.1, 0.26), (-0.1, 0.13), (0.03, 0)]), 0.045), "string"),
        Patch(_polygon((-0.1, 0.32), (0.1, 0.32), (0, 0.38)), shade=-0.5, edged=True),
        Patch(skin, edged=True),
        Patch(_round(0.2, 0.6, 0.2, 0.3, 40), shade=-0.6),
        Patch(_round(-0.2, 0.8, 0.16, 0.55, 55), shade=1.0),
    ]


def _kite() -> list[Patch]:
    left, right, top, bottom, cross = (-0.5, 0.7), (0.5, 0.7), (0.0, 1.0), (0.0, 0.32), (0.0, 0.7)
    tail = spline([bottom, (0.14, 0.22), (-0.1, 0.11), (0.06, 0.0)])
    bow = _polygon((-0.11, 0.04), (0.11, -0.04), (0.11, 0.04), (-0.11, -0.04))
    return [
        Patch(ribbon(tail, 0.045), "string"),
        *(Patch(bow + np.array(place), "bow", edged=True) for place in ((0.1, 0.205), (-0.06, 0.1))),
        Patch(_polygon(left, top, right, bottom), edged=True),
        Patch(_polygon(left, top, cross), shade=0.5),
        Patch(_polygon(right, cross, bottom), shade=-0.6),
        Patch(_polygon(right, cross, top), shade=-0.1),
    ]  # fmt: skip


_SHAPES: Final[dict[Kind, Callable[[], list[Patch]]]] = {
    "ball": _ball, "cube": _cube, "car": _car, "tree": _tree, "house": _house, "cat": _cat, "mug": _mug,
    "flower": _flower, "balloon": _balloon, "kite": _kite,
}  # fmt: skip
assert tuple(_SHAPES) == tuple(NATURES)


def _polygon(*points: tuple[float, float]) -> Points:
    return np.array(points, dtype=np.float64)


def _round(x: float, y: float, radius: float, squash: float = 1.0, degrees: float = 0.0) -> Points:
    return ellipse((x, y), radius, squash, degrees)
