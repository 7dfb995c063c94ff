"""Boxes: maps pasted into them and cut out of them, and those that the training set had."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MIDDLE = (0.2, 0.2, 0.6, 0.6)
"""The box of a model that has seen none."""


def paste(maps: Tensor, boxes: Tensor) -> Tensor:
    """Return maps of the same shape that hold the given ones within their boxes and 0 outside (Reed et al., figure 2).

    Args:
        maps: N x c x h x w.
        boxes: N x 4: (x, y, width, height) as fractions of the side, x and y of the upper left corner.
    """
    corner, size = boxes[:, :2], boxes[:, 2:]
    centre = 2 * corner + size - 1  # in [-1, 1]
    return _warped(maps, 1 / size, -centre / size)


def crop(maps: Tensor, boxes: Tensor) -> Tensor:
    """Return maps of the same shape that hold what lies within the boxes, enlarged. Arguments as for `paste`."""
    corner, size = boxes[:, :2], boxes[:, 2:]
    return _warped(maps, size, 2 * corner + size - 1)


def _warped(maps: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return at place u what is at scale * u + shift, bilinearly; places are in [-1, 1], beyond the pixels is 0.

    What torch's grid_sample gives, as two products of matrices: a box has sides parallel to the image's, and
    grid_sample cannot be differentiated twice, as the gradient penalty would have it.
    """
    height, width = maps.shape[-2:]
    rows = _weights(scale[:, 1], shift[:, 1], height)
    columns = _weights(scale[:, 0], shift[:, 0], width)
    return rows[:, None].to(maps.dtype) @ maps @ columns[:, None].to(maps.dtype).mT


def _weights(scale: Tensor, shift: Tensor, resolution: int) -> Tensor:
    """Return N x resolution x resolution: how much of each pixel along an axis goes into each new one."""
    pixels = torch.arange(resolution, device=scale.device)
    places = scale[:, None] * ((2 * pixels + 1) / resolution - 1) + shift[:, None]
    sources = ((places + 1) * resolution - 1) / 2  # N x side, in pixels
    return (1 - (sources[:, :, None] - pixels).abs()).clamp(min=0)


class BoxPrior(nn.Module):
    """Boxes of the training set, as it was shown: the last ones seen, from which one can be drawn. Or keypoints.

    Attributes:
        boxes: M x 4; of keypoints M x K x 3.
        seen: how many there have been.

    Args:
        remembered: M.
        first: all of them before one was seen, 4 or K x 3.
    """

    boxes: Tensor
    seen: Tensor

    def __init__(self, remembered: int, first: Tensor | None = None) -> None:
        super().__init__()
        first = torch.tensor(MIDDLE) if first is None else first
        self.register_buffer("boxes", first.repeat(remembered, *[1] * first.dim()))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def remember(self, boxes: Tensor) -> None:
        """Take N boxes in the place of the oldest ones."""
        places = (self.seen + torch.arange(len(boxes), device=self.seen.device)) % len(self.boxes)
        self.boxes[places] = boxes.to(self.boxes)
        self.seen += len(boxes)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return N boxes of standard normal numbers N x 1; each one remembered is as probable as any other."""
        known = self.seen.clamp(1, len(self.boxes))
        uniform = (torch.erf(numbers[:, 0] / 2**0.5) + 1) / 2
        places = (uniform * known).long().clamp(max=known - 1)
        drawn: Tensor = self.boxes[places]
        return drawn
