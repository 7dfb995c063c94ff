"""Boxes around masks, and how far two boxes overlap: pure functions of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def boxes_of(masks: Tensor) -> Tensor:
    """Return the smallest box around each mask, float32 N x 4: (x, y, width, height) as fractions; zeros if empty.

    Args:
        masks: bool, N x H x W.
    """
    import torch

    edges = []
    for across in (masks.any(dim=1), masks.any(dim=2)):  # columns, then rows
        length = across.shape[1]
        places = torch.arange(length)
        first = torch.where(across, places, length).amin(dim=1)
        after = torch.where(across, places + 1, 0).amax(dim=1)
        edges.append((torch.minimum(first, after) / length, (after - first).clamp(min=0) / length))
    (x, width), (y, height) = edges
    return torch.stack([x, y, width, height], dim=1)


def box_overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Return intersection over union of boxes with others, N in [0, 1]; 0 where both are empty.

    Args:
        boxes: N x 4: (x, y, width, height).
        others: likewise.
    """
    import torch

    corner = torch.maximum(boxes[:, :2], others[:, :2])
    opposite = torch.minimum(boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:])
    both = (opposite - corner).clamp(min=0).prod(dim=1)
    either = boxes[:, 2:].prod(dim=1) + others[:, 2:].prod(dim=1) - both
    return both / either.clamp(min=1e-12)
