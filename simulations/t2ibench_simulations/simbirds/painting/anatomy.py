"""From attributes and pose to layers: tail, legs, body, head and bill of a bird that faces right, y up."""

from __future__ import annotations

import random

import numpy as np

from t2ibench_simulations.simbirds.appearance import Appearance
from t2ibench_simulations.simbirds.attributes import Attributes, BillLength, BillShape, TailLength
from t2ibench_simulations.simbirds.painting.curves import Point, Points, ellipse, ribbon, rotate, spline
from t2ibench_simulations.simbirds.painting.layers import Layer, Paint, Patch
from t2ibench_simulations.simbirds.painting.plumage import breast_marks, folded_wing, raised_wing
from t2ibench_simulations.simbirds.painting.skeleton import SHOULDER, Skeleton, pose_skeleton

_TAIL: dict[TailLength, float] = {"short": 0.45, "medium": 0.78, "long": 1.25}
_BILL: dict[BillLength, float] = {"short": 0.62, "medium": 1.15, "long": 2.0}
# Where the near and the far leg leave the trunk.
_HIPS = ((0.10, -0.40), (-0.20, -0.42))


def bird_layers(appearance: Appearance) -> tuple[list[Layer], Point]:
    """Return the layers of the bird, back to front, and the point of the ground between its feet.

    Coordinates are in half body lengths; the bird faces right, y is up. Flying birds have no feet on the ground; their
    point lies below the body.
    """
    bird, pose = appearance.attributes, appearance.pose
    skeleton = pose_skeleton(bird.size, pose)
    flying = pose.perch == "air"
    generator = random.Random(appearance.seed)
    legs, ground = _legs(bird, skeleton, far=False)
    layers = [_tail(bird, skeleton, pose.tail_angle, ground[1] if pose.perch == "ground" else -9.0)]
    if flying:
        layers.insert(0, raised_wing(bird, skeleton, far=True))
    else:
        layers += [_legs(bird, skeleton, far=True)[0], legs]
    if bird.head_mark == "crest":
        layers.append(_crest(bird, skeleton))
    layers += [_bill(bird, skeleton, pose.head_turn), _body(bird, skeleton, generator)]
    layers.append(raised_wing(bird, skeleton, far=False) if flying else folded_wing(bird, skeleton))
    layers.append(_eye(bird, skeleton, pose.head_turn))
    return layers, ground


def _tail(bird: Attributes, skeleton: Skeleton, angle: float, floor: float) -> Layer:
    length = _TAIL[bird.tail_length] * skeleton.build.tail
    base = skeleton.on_body([(-0.72, 0.10)])[0]
    direction = skeleton.tilt * 0.9 - angle
    # A tail never reaches into the ground.
    while direction > -20 and base[1] - (length + 0.3) * np.sin(np.radians(direction)) < floor + 0.12:
        direction -= 4
    root, tip = 0.34 * skeleton.build.depth, 0.20 + 0.10 * skeleton.build.depth
    outline = [(0.1, root / 2), (-length * 0.5 - 0.2, tip * 0.55), (-length - 0.33, tip * 0.50), (-length - 0.27, 0.0),
               (-length - 0.30, -tip * 0.52), (-length * 0.5 - 0.2, -tip * 0.62), (0.1, -root / 2)]  # fmt: skip
    feathers = [[(-0.2, share * root), (-length - 0.24, share * tip * 1.1)] for share in (-0.26, 0.02, 0.28)]

    def place(points: list[Point] | Points) -> Points:
        placed: Points = rotate(points, direction) + base
        return placed

    shape = place(spline(outline, 5))
    patches = [Patch(Paint("tail", bird.tail), shape)]
    patches += [Patch(Paint("tail", bird.tail, -0.8), place(ribbon(feather, (0.03, 0.045)))) for feather in feathers]
    patches.append(Patch(Paint("tail", bird.tail, -0.7), place(ribbon(spline(outline, 5)[-14:-2], 0.07))))
    return Layer(patches, [shape])


def _legs(bird: Attributes, skeleton: Skeleton, far: bool) -> tuple[Layer, Point]:
    build = skeleton.build
    hips = skeleton.on_body(list(_HIPS))
    belly = min(float(point[1]) for point in skeleton.at((2.0, -1.0), (2.5, -1.0)))
    floor = belly - build.leg
    x, y = (float(value) for value in hips[1 if far else 0])
    knee = (x - (0.10 if build.leg > 1 else 0.05), floor + (belly - floor) * 0.52)
    foot = (x + (-0.06 if far else 0.10), floor)
    shade = -0.9 if far else 0.0
    leg, width = Paint("legs", bird.legs, shade), build.leg_width
    thigh = ribbon([(x, y), (knee[0], knee[1] + (belly - floor) * 0.22)], (0.42, width * 1.6))
    toes = ((0.25, -0.03), (0.20, 0.05), (-0.15, -0.02))
    patches = [
        Patch(leg, ribbon([(x, y), knee, foot], width)),
        Patch(leg, ellipse(knee, width * (0.75 if build.leg > 1 else 0.5), steps=12)),
        *(Patch(leg, ribbon([foot, (foot[0] + ahead, foot[1] + up)], (width, width * 0.6))) for ahead, up in toes),
        Patch(Paint("belly", bird.belly, -0.8 if far else -0.35), thigh),
    ]
    middle = (float(hips[:, 0].mean()) + 0.04, floor - width / 2)
    return Layer(patches), middle


def _body(bird: Attributes, skeleton: Skeleton, generator: random.Random) -> Layer:
    top = skeleton.head_place
    breast = skeleton.at(
        (2.95, -1.7), (3.0, -0.9), (3.1, -0.35), (3.4, 0.2), (SHOULDER, 0.6), (SHOULDER + 0.6, 1.7), (top, 1.7),
        (top, -1.7), (top - 0.9, -1.8), (SHOULDER, -1.8), (3.5, -1.8),
    )  # fmt: skip
    back = skeleton.at(
        (0.0, 1.8), (0.0, -0.25), (0.8, 0.0), (1.6, 0.22), (2.4, 0.34), (3.2, 0.40), (SHOULDER, 0.42),
        (SHOULDER + 0.9, 0.7), (SHOULDER + 0.9, 1.8), (SHOULDER + 0.5, 1.6), (SHOULDER, 1.6), (3.0, 1.6), (1.5, 1.6),
    )  # fmt: skip
    vent = skeleton.at((-0.2, -1.8), (0.0, -0.1), (1.2, -0.55), (2.0, -0.80), (2.6, -0.86), (2.6, -1.6), (1.2, -1.8))
    patches = [
        Patch(Paint("belly", bird.belly), ellipse((0.0, 0.0), 4.0, steps=8)),
        Patch(Paint("belly", bird.belly, -0.22), spline(vent, 4, closed=True)),
        Patch(Paint("breast", bird.breast), spline(breast, 4, closed=True)),
    ]
    patches += breast_marks(bird, skeleton, generator)
    patches.append(Patch(Paint("back", bird.back), spline(back, 4, closed=True)))
    patches += _head(bird, skeleton)
    return Layer(patches, skeleton.outlines)


def _head(bird: Attributes, skeleton: Skeleton) -> list[Patch]:
    face, on_head = Paint("head", bird.head), skeleton.on_head
    top = skeleton.head_place
    # The hood runs down the nape; the chin is left to the breast.
    hood = on_head([(1.2, -0.16), (0.75, -0.42), (0.25, -0.95), (-0.35, -1.12), (-1.0, -0.85), (-1.3, 0.0), (-0.8, 1.2),
                    (0.4, 1.3), (1.2, 0.8)])  # fmt: skip
    nape = skeleton.at((top, 1.6), (top, 0.0), (top - 0.5, 0.1), (top - 1.05, 0.75), (top - 1.1, 1.6))
    cap = on_head([(1.15, 0.30), (0.55, 0.40), (0.0, 0.36), (-0.55, 0.12), (-1.0, -0.35), (-1.4, -0.2), (-1.1, 1.1),
                   (0.0, 1.5), (1.1, 1.1)])  # fmt: skip
    patches = [Patch(face, spline(nape, 4, closed=True)), Patch(face, spline(hood, 5, closed=True))]
    patches.append(Patch(Paint("crown", bird.crown), spline(cap, 5, closed=True)))
    mark = Paint("head", bird.head_mark_colour)
    if bird.head_mark == "eyebrow":
        stroke = spline(on_head([(0.92, 0.30), (0.36, 0.50), (-0.25, 0.44), (-0.86, 0.10)]), 5)
        patches.append(Patch(mark, ribbon(stroke, np.array([0.16, 0.24, 0.22, 0.08]) * skeleton.build.head_radius)))
    elif bird.head_mark == "mask":
        stroke = spline(on_head([(1.05, 0.02), (0.40, 0.14), (-0.25, 0.10), (-0.95, -0.12)]), 5)
        patches.append(Patch(mark, ribbon(stroke, np.array([0.30, 0.52, 0.46, 0.12]) * skeleton.build.head_radius)))
    return patches


def _crest(bird: Attributes, skeleton: Skeleton) -> Layer:
    outline = skeleton.on_head([(0.62, 0.66), (0.30, 1.20), (-0.30, 1.72), (-1.05, 1.98), (-0.82, 1.52), (-1.42, 1.40),
                                (-1.05, 0.98), (-1.38, 0.66), (-0.90, 0.20), (0.0, 0.3)])  # fmt: skip
    crease = skeleton.on_head([(0.1, 0.85), (-0.35, 1.25), (-0.75, 1.48)])
    crown = bird.crown
    stroke = ribbon(crease, 0.10 * skeleton.build.head_radius)
    return Layer([Patch(Paint("crown", crown), outline), Patch(Paint("crown", crown, -0.7), stroke)])


def _bill(bird: Attributes, skeleton: Skeleton, turn: float) -> Layer:
    build = skeleton.build
    length = _BILL[bird.bill_length] * build.bill * (1 - 0.25 * turn)
    end = 0.9 + length
    # Middle line in head radii, and widths along it against the thickness at the base.
    shapes: dict[BillShape, tuple[float, list[Point], tuple[float, ...]]] = {
        "pointed": (0.44, [(0.6, 0.0), (0.9 + length * 0.5, 0.01), (end, -0.03)], (1, 0.6, 0.06)),
        "curved": (0.40, [(0.6, 0.02), (0.9 + length * 0.45, 0.06), (end, -0.16 - 0.38 * length)], (1, 0.7, 0.12)),
        "hooked": (
            0.62,
            [(0.6, 0.0), (0.9 + length * 0.6, 0.06), (end + 0.02, -0.04), (end - 0.04, -0.34 - 0.12 * length)],
            (1, 0.9, 0.62, 0.08),
        ),
        "broad": (0.84, [(0.6, 0.0), (0.9 + length * 0.5, -0.03), (end, -0.10)], (1, 0.82, 0.34)),
    }
    thick, line, widths = shapes[bird.bill_shape]
    path = skeleton.on_head(spline(line, 6))
    shape = ribbon(path, np.array(widths) * thick * build.head_radius)
    gape = ribbon(path[: max(3, len(path) * 3 // 4)], (0.09 * build.head_radius, 0.03))
    paint = Paint("bill", bird.bill)
    return Layer([Patch(paint, shape), Patch(paint._replace(shade=-0.8), gape)])


def _eye(bird: Attributes, skeleton: Skeleton, turn: float) -> Layer:
    middle = skeleton.on_head([(0.36 - 0.10 * turn, 0.17)])[0]
    radius = skeleton.build.eye * skeleton.build.head_radius
    under = bird.head_mark_colour if bird.head_mark == "mask" else bird.head
    patches = []
    if bird.head_mark == "eyering":
        patches.append(Patch(Paint("head", bird.head_mark_colour), ellipse(middle, radius * 1.85)))
    elif under in ("black", "brown", "purple", "blue"):
        patches.append(Patch(Paint("eye", "iris"), ellipse(middle, radius * 1.28)))
    patches.append(Patch(Paint("eye", "eye"), ellipse(middle, radius)))
    glint = ellipse(middle + np.array([0.32, 0.34]) * radius, radius * 0.34, steps=12)
    patches.append(Patch(Paint("eye", "glint"), glint))
    return Layer(patches)
