"""Wings and the markings of the breast."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from t2ibench_simulations.simbirds.attributes import Attributes
from t2ibench_simulations.simbirds.painting.curves import Point, Points, ellipse, ribbon, rotate, spline
from t2ibench_simulations.simbirds.painting.layers import Layer, Paint, Patch
from t2ibench_simulations.simbirds.painting.skeleton import Skeleton

# The folded wing in the trunk's frame: from the shoulder along its lower edge to the tip and back along the upper edge.
_FOLDED = ((0.60, 0.20), (0.54, -0.06), (0.30, -0.24), (-0.10, -0.31), (-0.55, -0.22), (-0.98, -0.02), (-1.36, 0.16),
           (-0.95, 0.26), (-0.45, 0.37), (0.05, 0.44), (0.42, 0.40))  # fmt: skip
# The raised wing: root at the shoulder and leading edge up to the tip; then the tips of the long feathers downwards.
_LEADING = ((0.42, 0.16), (0.60, 0.60), (0.50, 1.16), (0.14, 1.74), (-0.46, 2.30))
_TIPS = ((-0.46, 2.30), (-0.66, 1.98), (-0.84, 1.64), (-0.96, 1.30), (-1.02, 0.98), (-1.02, 0.68), (-0.92, 0.42))
_FLIGHT_ROOTS = ((0.34, 1.06), (0.28, 0.94), (0.22, 0.80), (0.16, 0.66), (0.08, 0.52), (0.0, 0.38), (-0.1, 0.26))


def folded_wing(bird: Attributes, skeleton: Skeleton) -> Layer:
    """Return the wing laid to the body, with its feathers and pattern."""
    on_body = skeleton.on_body
    shape = on_body(spline(_FOLDED, 5, closed=True))
    plain, dark, light = (Paint("wing", bird.wing, shade) for shade in (0.0, -0.9, 0.35))
    marks = Paint("wing", bird.wing_mark_colour)
    patches = [Patch(plain, shape)]
    # The coverts catch the light; the long feathers behind them run to the tip.
    coverts = on_body(
        [*spline([(0.02, 0.47), (0.42, 0.44), (0.62, 0.26), (0.50, -0.12), (0.20, -0.24)], 5), *_scallops()]
    )
    feathers = [
        [(-0.02, -0.22), (-0.50, -0.12), (-1.05, 0.04)],
        [(-0.15, -0.08), (-0.60, -0.01), (-1.15, 0.10)],
        [(-0.20, 0.07), (-0.65, 0.10), (-1.18, 0.15)],
        [(-0.20, 0.22), (-0.60, 0.21), (-1.05, 0.19)],
    ]
    lines = [on_body(spline(feather, 4)) for feather in feathers]
    if bird.wing_pattern == "striped":
        patches += [Patch(marks, ribbon(line, (0.11, 0.10, 0.04))) for line in lines]
        patches.append(Patch(marks, ribbon(on_body(spline([(0.42, -0.02), (0.25, 0.10), (0.20, 0.30)], 4)), 0.09)))
    else:
        patches += [Patch(dark, ribbon(line, (0.05, 0.05, 0.03))) for line in lines]
    if bird.wing_pattern != "striped":
        patches.append(Patch(light, coverts))
        patches.append(Patch(dark, ribbon(on_body(_scallops()), 0.035)))
    if bird.wing_pattern == "barred":
        for front in (0.24, -0.14):
            bar = [(front + 0.02, 0.46), (front - 0.08, 0.22), (front + 0.0, -0.02), (front + 0.16, -0.30)]
            patches.append(Patch(marks, ribbon(on_body(spline(bar, 4)), (0.10, 0.15, 0.15, 0.10))))
    edge = on_body(spline(_FOLDED[:7], 5))
    patches.append(Patch(dark, ribbon(edge, (0.05, 0.09, 0.09, 0.06))))
    return Layer(patches, [shape])


def raised_wing(bird: Attributes, skeleton: Skeleton, far: bool) -> Layer:
    """Return a wing spread upwards in flight; the far one is darker and a little behind."""
    move = np.array([0.28, -0.06]) if far else np.array([0.0, 0.0])
    lean = -14.0 if far else 4.0

    def place(points: Points | Sequence[Point]) -> Points:
        moved = rotate(np.asarray(points, dtype=np.float64) * [1.0, 0.92], lean) + move
        return rotate(moved, skeleton.tilt)

    shape = place([*spline(_LEADING, 5), *_rounded(_TIPS, -0.16), (-0.52, 0.14), (0.0, 0.02)])
    base = -0.9 if far else 0.0
    dark = Paint("wing", bird.wing, base - 0.9)
    marks = Paint("wing", bird.wing_mark_colour, base)
    patches = [Patch(Paint("wing", bird.wing, base), shape)]
    stroke, ink = (0.13, marks) if bird.wing_pattern == "striped" else (0.04, dark)
    for root, tip in zip(_FLIGHT_ROOTS[1:], _TIPS[1:], strict=True):
        patches.append(Patch(ink, ribbon(place([root, tip]), stroke)))
    edge = [(0.36, 1.42), (0.10, 1.20), (-0.10, 0.90), (-0.20, 0.60), (-0.18, 0.30)]
    coverts = place([*spline(_LEADING[:4], 5), *_rounded(edge, -0.10), (0.0, 0.1)])
    if bird.wing_pattern != "striped":
        patches.append(Patch(Paint("wing", bird.wing, base + 0.35), coverts))
    if bird.wing_pattern == "barred":
        for shift in (0.14, -0.20):
            bar = spline([(0.26 + shift, 1.46), (-0.02 + shift, 1.0), (-0.10 + shift, 0.36)], 4)
            patches.append(Patch(marks, ribbon(place(bar), 0.15)))
    return Layer(patches, [shape])


def breast_marks(bird: Attributes, skeleton: Skeleton, generator: random.Random) -> list[Patch]:
    """Return spots or streaks over breast and belly, where they can be seen below the wing."""
    if bird.breast_pattern == "plain":
        return []
    patches = []
    for row, height in enumerate((-0.28, -0.52, -0.76)):
        for column in range(9):
            place = 1.35 + column * 0.40 + (row % 2) * 0.20 + 0.12 * (generator.random() - 0.5)
            up = height + 0.08 * (generator.random() - 0.5)
            paint = Paint("breast" if place > 2.7 else "belly", bird.breast_mark_colour)
            middle = skeleton.at((place, up))[0]
            if bird.breast_pattern == "spotted":
                patches.append(Patch(paint, ellipse(middle, 0.058, steps=10)))
            else:
                dash = skeleton.at((place - 0.12, up), (place + 0.14, up))
                patches.append(Patch(paint, ribbon(dash, (0.07, 0.03))))
    return patches


def _scallops() -> Points:
    """Return the rear edge of the coverts, from below upwards: three rounded feathers."""
    return _rounded([(0.20, -0.24), (-0.08, -0.10), (-0.18, 0.10), (-0.16, 0.30), (0.02, 0.47)], -0.05)


def _rounded(corners: Sequence[Point], bulge: float) -> Points:
    """Return a line through `corners` whose pieces bulge to their left by `bulge` (negative: to their right)."""
    line: list[Point] = [corners[0]]
    for (from_x, from_y), (to_x, to_y) in pairwise(corners):
        length = np.hypot(to_x - from_x, to_y - from_y)
        left_x, left_y = (from_y - to_y) / length, (to_x - from_x) / length
        for share, height in ((0.25, 0.8), (0.5, 1.0), (0.75, 0.8)):
            line.append(
                (from_x + share * (to_x - from_x) + bulge * height * left_x,
                 from_y + share * (to_y - from_y) + bulge * height * left_y)
            )  # fmt: skip
        line.append((to_x, to_y))
    return np.array(line)
