"""Semantic object accuracy from lists of what was found where, as its authors' script computes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""x, y, width, height in [0, 1]."""

GRID = 256
"""Boxes are cut to whole cells of this grid before they are compared."""


@dataclass(frozen=True)
class LabelShares:
    """Label -> (images with it found, images asked for it)."""

    found: Mapping[str, tuple[int, int]]

    @property
    def per_label(self) -> float:
        """SOA-C, in [0, 1]: the mean of the labels' shares."""
        return sum(found / asked for found, asked in self.found.values()) / len(self.found)

    @property
    def per_image(self) -> float:
        """SOA-I, in [0, 1]: the share of all images."""
        return sum(one for one, _ in self.found.values()) / sum(asked for _, asked in self.found.values())


def label_shares(detections: Mapping[str, Mapping[str, Sequence[int]]], *, keep_empty: bool = True) -> LabelShares:
    """Return how often each label was found in the images that were to show it.

    Source: Hinz et al. 2020, equations 1 and 2.

    Args:
        detections: label asked for -> image -> labels found in it.
        keep_empty: whether images with nothing found count; TISE's script loses them, which raises the figure.
    """
    kept = {label: [found for found in images.values() if keep_empty or found] for label, images in detections.items()}
    return LabelShares(
        {label: (sum(int(label) in found for found in images), len(images)) for label, images in kept.items()}
    )


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
