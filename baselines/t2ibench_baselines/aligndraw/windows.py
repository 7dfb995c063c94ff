"""Where a step looks and writes: a grid of Gaussian filters over the image, differentiable in place and size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor

CONTROLS: Final = 5
"""Numbers that place a window: centre x and y, log stride, log variance, log intensity."""

FAINT: Final = 1e-4
"""Keeps a filter that lies off the image from being divided by nothing."""

_DARKEST: Final = -80.0
"""Exponents of the filters end here: e^-80 changes no image, and where e^x underflows it takes ten times as long."""

WindowForm = Literal["centred", "as-coded"]


@dataclass(frozen=True, slots=True)
class Window:
    """A grid of p x p filters for each of N images of side H.

    Attributes:
        rows: N x p x H, the filters along y.
        columns: N x p x H, the filters along x.
        intensity: N, by which what is read is multiplied and what is written divided.
        boxes: N x 4, (left, top, right, bottom): the outermost filters' centres, in pixels from the first one's centre.
    """

    rows: Tensor
    columns: Tensor
    intensity: Tensor
    boxes: Tensor

    def halves(self) -> tuple[Window, Window]:
        """Return the windows of the first half of the images and of the second."""
        parts = zip(*(one.chunk(2) for one in (self.rows, self.columns, self.intensity, self.boxes)), strict=True)
        first, second = (Window(*part) for part in parts)
        return first, second

    def read(self, images: Tensor) -> Tensor:
        """Return N x C x p x p of images N x C x H x H, not yet multiplied by the intensity."""
        return self.rows[:, None] @ images @ self.columns[:, None].mT

    def write(self, patches: Tensor) -> Tensor:
        """Return N x C x H x H of patches N x C x p x p: the adjoint of `read`."""
        return self.rows[:, None].mT @ (patches @ self.columns[:, None])


def window_of(
    controls: Tensor, resolution: int, patch: int, form: WindowForm = "centred", exponent_limit: float = 0.0
) -> Window:
    """Return the windows that N x 5 numbers place on images of `resolution` pixels.

    "centred": centre (side - 1) / 2 * (g + 1), filter i of p at the centre + stride * (i - (p - 1) / 2), each divided
    by its sum (or 1e-4 if that is more). Numbers of 0 then span the whole image. Source: Gregor et al., DRAW, 2015,
    section 3.2, with indices from 0.

    "as-coded": the official code takes the paper's formulas, which count pixels from 1, with indices from 0, and
    rounds p / 2 down, so that windows lie a stride (p even) or half a one (p odd) to the upper left; 1e-4 is added to
    the sums. Learning makes up for it.

    Args:
        controls: as in CONTROLS.
        resolution: H.
        patch: p, 2 or more.
        form: see above.
        exponent_limit: the three logarithms are clamped to this size; 0 for no clamp.
    """
    x, y = controls[:, 0], controls[:, 1]
    logarithms = controls[:, 2:]
    if exponent_limit:
        logarithms = logarithms.clamp(-exponent_limit, exponent_limit)
    log_stride, log_variance, log_intensity = logarithms.unbind(1)
    stride = (resolution - 1) / (patch - 1) * log_stride.exp()  # N
    places = torch.arange(patch, device=controls.device, dtype=controls.dtype)
    if form == "centred":
        half, offsets = (resolution - 1) / 2, places - (patch - 1) / 2
    else:
        half, offsets = (resolution + 1) / 2, places - patch // 2 - 0.5
    centres = half * (torch.stack((y, x)) + 1)[..., None] + stride[:, None] * offsets  # 2 x N x p
    pixels = torch.arange(resolution, device=controls.device, dtype=controls.dtype)
    distances = pixels - centres[..., None]  # 2 x N x p x H
    narrowness = -0.5 * (-log_variance).exp()  # N
    filters = (distances.square() * narrowness[:, None, None]).clamp(min=_DARKEST).exp()
    sums = filters.sum(-1, keepdim=True)
    filters = filters / (sums.clamp(min=FAINT) if form == "centred" else sums + FAINT)
    first, last = centres[..., 0], centres[..., -1]  # 2 x N each, y before x
    boxes = torch.stack((first[1], first[0], last[1], last[0]), dim=1)
    return Window(filters[0], filters[1], log_intensity.exp(), boxes)
