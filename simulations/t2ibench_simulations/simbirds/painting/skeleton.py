"""The frame of a bird: a spine with a thickness, from the rump to the head, for each size class."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from t2ibench_simulations.simbirds.appearance import Pose
from t2ibench_simulations.simbirds.attributes import Size
from t2ibench_simulations.simbirds.painting.curves import Point, Points, ellipse, normals, rotate, spline_rows

_STEPS = 10
# (along the body, up, half thickness) of rump, vent, belly, breast, shoulder. The body is 2 long.
_TRUNK = np.array([[-1.0, 0.12, 0.14], [-0.64, 0.06, 0.37], [-0.16, 0.0, 0.57], [0.34, 0.0, 0.59], [0.70, 0.12, 0.47]])
SHOULDER = 4.0
"""Place of the shoulder along the spine; the rump is 0, the head is `Skeleton.head_place`."""


@dataclass(frozen=True, slots=True)
class Proportions:
    """Build of a size class, in half body lengths.

    Attributes:
        depth: factor on the thickness of the trunk.
        tilt: degrees the front end is up when perched.
        neck: (forward, up, half thickness) from the shoulder, between shoulder and head.
        head: (forward, up) of the head's middle from the shoulder.
        head_radius: radius of the head.
        leg: from the belly to the ground.
        leg_width: thickness of a leg.
        tail: factor on the length of the tail.
        bill: factor on the length of the bill.
        eye: radius of the eye against the head's.
    """

    depth: float
    tilt: float
    neck: tuple[tuple[float, float, float], ...]
    head: Point
    head_radius: float
    leg: float
    leg_width: float
    tail: float
    bill: float
    eye: float


BUILD: dict[Size, Proportions] = {
    "tiny": Proportions(1.30, 26, ((0.10, 0.22, 0.60),), (0.20, 0.46), 0.58, 0.40, 0.075, 0.75, 0.80, 0.20),
    "small": Proportions(1.04, 32, ((0.12, 0.24, 0.48),), (0.26, 0.48), 0.46, 0.48, 0.080, 1.0, 1.0, 0.19),
    "medium": Proportions(0.86, 36, ((0.14, 0.26, 0.36),), (0.30, 0.52), 0.385, 0.56, 0.085, 1.15, 1.1, 0.18),
    "large": Proportions(
        0.90, 16, ((0.30, 0.28, 0.29), (0.30, 0.64, 0.20), (0.24, 0.96, 0.19)), (0.38, 1.28), 0.31, 1.12, 0.090, 0.9,
        1.25, 0.18,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Skeleton:
    """A posed spine, bird facing right, y up.

    Attributes:
        build: its proportions.
        tilt: slant of the body in degrees, front end up.
        spine: M x 3: x, y, half thickness, from rump to head.
        head_place: place of the head along the spine, as SHOULDER counts.
    """

    build: Proportions
    tilt: float
    spine: Points
    head_place: float

    @cached_property
    def head(self) -> Points:
        """Middle of the head."""
        head: Points = self.spine[-1, :2]
        return head

    @cached_property
    def _left(self) -> Points:
        return normals(self.spine[:, :2])

    def at(self, *places: tuple[float, float]) -> Points:
        """Return points given as (place along the spine, height in half thicknesses, back positive), N x 2."""
        wanted = np.asarray(places, dtype=np.float64)
        grid = np.arange(len(self.spine)) / _STEPS
        columns = [np.interp(wanted[:, 0], grid, column) for column in (*self.spine.T, *self._left.T)]
        x, y, radius, left_x, left_y = columns
        return np.stack([x + wanted[:, 1] * radius * left_x, y + wanted[:, 1] * radius * left_y], axis=1)

    def on_body(self, points: list[Point] | Points) -> Points:
        """Return points of the trunk's own frame (along, up; the latter scaled by the build's depth) in the bird's."""
        return rotate(np.asarray(points) * [1.0, self.build.depth], self.tilt)

    def on_head(self, points: list[Point] | Points) -> Points:
        """Return points given in head radii from the middle of the head in the bird's frame."""
        return np.asarray(points, dtype=np.float64) * self.build.head_radius + self.head

    @cached_property
    def outlines(self) -> list[Points]:
        """Polygons whose union is trunk, neck and head."""
        left = self.spine[:, :2] + self._left * self.spine[:, 2:]
        right = self.spine[:, :2] - self._left * self.spine[:, 2:]
        quads = [np.stack([left[i], left[i + 1], right[i + 1], right[i]]) for i in range(len(left) - 1)]
        rump = ellipse(self.spine[0, :2], self.spine[0, 2], steps=16)
        return [*quads, rump, ellipse(self.head, self.build.head_radius, steps=40)]


def pose_skeleton(size: Size, pose: Pose) -> Skeleton:
    """Return the skeleton of a bird of this size class in this pose (facing right; mirroring comes with drawing)."""
    build = BUILD[size]
    flying = pose.perch == "air"
    tilt = (10.0 if flying else build.tilt * (0.7 if pose.perch == "ground" else 1.0)) + pose.tilt
    trunk = _TRUNK * [1.0, build.depth, build.depth]
    trunk[:, :2] = rotate(trunk[:, :2], tilt)
    shoulder = trunk[-1, :2]
    stretch = np.array([0.25, 1.0]) * pose.head_raise * build.head_radius
    # In flight the neck reaches forward instead of up.
    lean = -38.0 if flying else 0.0
    neck = [
        (*(shoulder + rotate([(forward, up)], lean)[0] + stretch * share), radius)
        for share, (forward, up, radius) in zip(np.linspace(0.4, 0.9, len(build.neck)), build.neck, strict=True)
    ]
    head = shoulder + rotate([build.head], lean)[0] + stretch
    rows = np.array([*trunk, *neck, (*head, build.head_radius * 0.97)])
    return Skeleton(build, tilt, spline_rows(rows, _STEPS), len(rows) - 1.0)
