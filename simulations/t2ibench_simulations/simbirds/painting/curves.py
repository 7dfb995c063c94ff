"""Smooth outlines as polygons. Coordinates are (x, y) with y up; a length of 1 is half a bird's body."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Point = tuple[float, float]
_QUARTER_TURN = np.array([-1.0, 1.0])


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
    weights = _basis(steps)  # steps x 4
    # One sum a row, not a matrix product: those round differently from one machine's library to the next.
    curve = sum(
        weights[None, :, k, None] * padded[k : len(padded) - 3 + k, None, :] for k in range(4)
    )  # segments x steps x columns
    flat: Points = np.asarray(curve).reshape(-1, rows.shape[1])
    return flat if closed else np.concatenate([flat, rows[-1:]])


def ribbon(path: Sequence[Point] | Points, widths: Sequence[float] | Points | float) -> Points:
    """Return the outline of a stroke along `path`, 2M x 2.

    Args:
        path: M points.
        widths: full width at evenly spaced places along the path, or one width.
    """
    line = np.asarray(path, dtype=np.float64)
    half = np.asarray(widths, dtype=np.float64) / 2
    if half.ndim:
        half = np.interp(_evenly(len(line)), _evenly(len(half)), half)[:, None]
    across = normals(line) * half
    return np.concatenate([line + across, (line - across)[::-1]])


def normals(line: Points) -> Points:
    """Return the unit normals of a curve, to the left of its direction, M x 2."""
    step = line[1:] - line[:-1]
    along = np.concatenate([step[:1], step[1:] + step[:-1], step[-1:]])
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    left: Points = along[:, ::-1] * _QUARTER_TURN
    return left


def ellipse(
    centre: Point | Points, radius: float, squash: float = 1.0, degrees: float = 0.0, steps: int = 24
) -> Points:
    """Return an ellipse, `steps` x 2: `radius` along the direction `degrees`, `radius * squash` across."""
    flat = _circle(steps) * (radius, radius * squash)
    moved: Points = (rotate(flat, degrees) if degrees else flat) + np.asarray(centre, dtype=np.float64)
    return moved


@cache
def _evenly(count: int) -> Points:
    return np.linspace(0, 1, count)


@cache
def _basis(steps: int) -> Points:
    """Return what the four control points of a segment weigh at each of its places, steps x 4."""
    place = np.arange(steps) / steps
    square, cube = place**2, place**3
    weights: Points = 0.5 * np.stack(
        [-place + 2 * square - cube, 2 - 5 * square + 3 * cube, place + 4 * square - 3 * cube, cube - square], axis=1
    )
    return weights


@cache
def _circle(steps: int) -> Points:
    turn = np.arange(steps) * (2 * math.pi / steps)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)


def rotate(points: Sequence[Point] | Points, degrees: float) -> Points:
    """Return points turned about the origin, counter-clockwise where y is up."""
    angle = math.radians(degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    x, y = np.asarray(points, dtype=np.float64).T
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=1)
