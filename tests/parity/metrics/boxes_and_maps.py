"""What the authors' scripts make of a detector's boxes and a counting network's maps, which no column of ours reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

Box = tuple[float, float, float, float]
"""x, y, width, height in [0, 1]."""

GRID = 256
"""Boxes are cut to whole cells of this grid before they are compared."""


def intersection_over_union(first: Box, second: Box) -> float:
    """Return the IoU in [0, 1] of two boxes on the grid: each number is truncated to cells, an empty side becomes one.

    Source: SOA's util.get_iou.
    """
    (left, top, right, bottom), (left2, top2, right2, bottom2) = _cells(first), _cells(second)
    width = min(right, right2) - max(left, left2)
    height = min(bottom, bottom2) - max(top, top2)
    shared = max(width, 0) * max(height, 0)
    return shared / ((right - left) * (bottom - top) + (right2 - left2) * (bottom2 - top2) - shared)


def label_overlap(
    found: Mapping[str, tuple[Sequence[int], Sequence[Box]]],
    true: Mapping[str, tuple[Sequence[int], Sequence[Box]]],
    label: int,
) -> float:
    """Return SOA-IoU of one label: the best IoU of true and found boxes, mean over images with both."""
    best = []
    for image, (labels, boxes) in found.items():
        mine = [box for one, box in zip(labels, boxes, strict=True) if one == label]
        theirs = [box for one, box in zip(*true.get(image, ((), ())), strict=True) if one == label]
        if mine and theirs:
            best.append(max(intersection_over_union(one, other) for one in mine for other in theirs))
    return sum(best) / len(best) if best else 0.0


def _cells(box: Box) -> tuple[int, int, int, int]:
    x, y, width, height = box
    left, top = int(x * GRID), int(y * GRID)
    return left, top, left + max(int(width * GRID), 1), top + max(int(height * GRID), 1)


def decoded_counts(confidence: np.ndarray, density: np.ndarray) -> dict[int, float]:
    """Return label -> count of a counting network: its map's mean, rounded half to even, where it is confident.

    Counts of 0 are left out, negative ones stay. Source: TISE's CA.py on CountSeg.

    Args:
        confidence: float32 L, above 0 where the label is there.
        density: float32 L x h x w.
    """
    means = np.round(np.asarray(density).mean(axis=(1, 2)))
    return {int(at): float(means[at]) for at in np.flatnonzero((np.asarray(confidence) > 0) & (means != 0))}
