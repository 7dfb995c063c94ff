"""Smooth outlines as polygons. Coordinates are (x, y) with y up; a length of 1 is half a bird's body."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Point = tuple[float, float]


def spline(points: Sequence[Point] | Points, steps: int = 6, closed: bool = False) -> Points:
    """Return a Catmull-Rom curve through `points`, M x 2, `steps` points a segment."""
    return spline_rows(np.asarray(points, dtype=np.float64), steps, closed)


def spline_rows(rows: Points, steps: int, closed: bool = False) -> Points:
    """Return rows (N x any) interpolated by a Catmull-Rom curve, `steps` rows a segment; all N rows are met."""
    padded = (
        np.concatenate([rows[-1:], rows, rows[:2]])
        if closed
        else np.concatenate([2 * rows[:1] - rows[1:2], rows, 2 * rows[-1:] - rows[-2:-1]])
    )
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    place = np.linspace(0, 1, steps, endpoint=False)[None, :, None]  # 1 x steps x 1
    before, start, end, after = (part[:, None, :] for part in (before, start, end, after))  # N x 1 x columns
    curve = 0.5 * (
        2 * start
        + (end - before) * place
        + (2 * before - 5 * start + 4 * end - after) * place**2
        + (3 * start - before - 3 * end + after) * place**3
    )
    flat: Points = curve.reshape(-1, rows.shape[1])
    return flat if closed else np.concatenate([flat, rows[-1:]])


def ribbon(path: Sequence[Point] | Points, widths: Sequence[float] | float) -> Points:
    """Return the outline of a stroke along `path`, 2M x 2.

    Args:
        path: M points.
        widths: full width at evenly spaced places along the path, or one width.
    """
    line = np.asarray(path, dtype=np.float64)
    given = np.atleast_1d(np.asarray(widths, dtype=np.float64))
    width = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(given)), given)
    half = normals(line) * (width / 2)[:, None]
    return np.concatenate([line + half, (line - half)[::-1]])


def normals(line: Points) -> Points:
    """Return the unit normals of a curve, to the left of its direction, M x 2."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    left: Points = np.stack([-along[:, 1], along[:, 0]], axis=1)
    return left


def ellipse(centre: Point | Points, radius: float, squash: float = 1.0, degrees: float = 0.0, steps: int = 24) -> Points:
    """Return an ellipse, `steps` x 2: `radius` along the direction `degrees`, `radius * squash` across."""
    turn = np.linspace(0, 2 * math.pi, steps, endpoint=False)
    flat = np.stack([radius * np.cos(turn), radius * squash * np.sin(turn)], axis=1)
    return rotate(flat, degrees) + np.asarray(centre, dtype=np.float64)


def rotate(points: Sequence[Point] | Points, degrees: float) -> Points:
    """Return points turned about the origin, counter-clockwise where y is up."""
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    turned: Points = np.asarray(points, dtype=np.float64) @ np.array([[cosine, sine], [-sine, cosine]])
    return turned
