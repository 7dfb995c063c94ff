"""Wings and the markings of the breast."""

from __future__ import annotations

import random

import numpy as np

from t2ibench.data.simbirds.attributes import Attributes
from t2ibench.data.simbirds.curves import Points, ellipse, ribbon, spline
from t2ibench.data.simbirds.layers import Layer, Paint, Patch
from t2ibench.data.simbirds.skeleton import Skeleton

# The folded wing in the trunk's frame: from the shoulder along its lower edge to the tip and back along the upper edge.
_FOLDED = ((0.60, 0.20), (0.54, -0.06), (0.30, -0.24), (-0.10, -0.31), (-0.55, -0.22), (-0.98, -0.02), (-1.36, 0.16),
           (-0.95, 0.26), (-0.45, 0.37), (0.05, 0.44), (0.42, 0.40))  # fmt: skip
# The raised wing: root at the shoulder, leading edge up to the tip, then the fingers of the trailing edge.
_RAISED = ((0.55, 0.12), (0.62, 0.62), (0.42, 1.15), (0.02, 1.72), (-0.42, 2.10), (-0.52, 1.78), (-0.78, 1.74),
           (-0.76, 1.42), (-0.98, 1.30), (-0.90, 1.02), (-1.04, 0.84), (-0.92, 0.60), (-0.94, 0.38), (-0.62, 0.16),
           (0.0, 0.0))  # fmt: skip


def folded_wing(bird: Attributes, skeleton: Skeleton) -> Layer:
    """Return the wing laid to the body, with its feathers and pattern."""
    on_body = skeleton.on_body
    shape = on_body(spline(_FOLDED, 5, closed=True))
    plain, dark, light = (Paint("wing", bird.wing, shade) for shade in (0.0, -0.9, 0.5))
    marks = Paint("wing", bird.wing_mark_colour)
    patches = [Patch(plain, shape)]
    # The coverts catch the light; the long feathers behind them run to the tip.
    coverts = on_body(spline([(0.62, 0.30), (0.50, -0.12), (0.18, -0.20), (-0.12, -0.05), (-0.22, 0.22), (0.0, 0.5)], 4, True))
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
    patches.append(Patch(light, coverts)) if bird.wing_pattern != "striped" else None
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
    turn = np.radians(lean)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])

    def place(points: Points | list[tuple[float, float]]) -> Points:
        flat = (np.asarray(points, dtype=np.float64) * [0.95, 0.86]) @ matrix + move
        placed: Points = flat @ _turned(skeleton.tilt)
        return placed

    front, back = spline(_RAISED[:5], 5), np.array(_RAISED[5:])
    shape = place(np.concatenate([front, back]))
    base = -0.9 if far else 0.0
    dark = Paint("wing", bird.wing, base - 0.9)
    marks = Paint("wing", bird.wing_mark_colour, base)
    patches = [Patch(Paint("wing", bird.wing, base), shape)]
    tips = [(-0.42, 1.95), (-0.74, 1.62), (-0.92, 1.20), (-0.98, 0.78), (-0.88, 0.40)]
    roots = [(0.30, 1.10), (0.20, 0.90), (0.12, 0.72), (0.06, 0.52), (0.0, 0.34)]
    stroke = 0.12 if bird.wing_pattern == "striped" else 0.045
    ink = marks if bird.wing_pattern == "striped" else dark
    patches += [Patch(ink, ribbon(place([root, tip]), stroke)) for root, tip in zip(roots, tips, strict=True)]
    coverts = place(spline([(0.58, 0.1), (0.62, 0.62), (0.42, 1.12), (0.20, 0.95), (0.06, 0.55), (0.0, 0.1)], 4, True))
    if bird.wing_pattern != "striped":
        patches.append(Patch(Paint("wing", bird.wing, base + 0.5), coverts))
    if bird.wing_pattern == "barred":
        for shift in (0.0, -0.30):
            bar = spline([(0.30 + shift, 1.30), (0.12 + shift, 0.85), (0.02 + shift, 0.20)], 4)
            patches.append(Patch(marks, ribbon(place(bar), 0.14)))
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
            region: Paint = Paint("breast" if place > 2.7 else "belly", bird.breast_mark_colour)
            middle = skeleton.at((place, up))[0]
            if bird.breast_pattern == "spotted":
                patches.append(Patch(region, ellipse(middle, 0.058, steps=10)))
            else:
                dash = skeleton.at((place - 0.12, up), (place + 0.14, up))
                patches.append(Patch(region, ribbon(dash, (0.07, 0.03))))
    return patches


def _turned(degrees: float) -> Points:
    angle = np.radians(degrees)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
