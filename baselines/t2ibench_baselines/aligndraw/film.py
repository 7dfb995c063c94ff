"""What a drawing shows of itself: the canvas after every step, where it wrote, which words it attended to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from t2ibench.core.types import AttentionMap, Drawing, Trace
from t2ibench_baselines.aligndraw.drawer import Step

_UNTOUCHED: Final = 1e-8
"""Change that every step is granted everywhere, so that places nothing was written to have a mean too."""


class Film:
    """Collects the steps of a drawing; pass `watch` to the drawer.

    Args:
        first: the canvas before the first step, logits N x C x H x W.
        words: of the captions, N lists.
    """

    def __init__(self, first: Tensor, words: Sequence[Sequence[str]]) -> None:
        self._canvases = [first]
        self._weights: list[Tensor] = []
        self._boxes: list[Tensor] = []
        self._words = tuple(tuple(one) for one in words)

    def watch(self, step: Step) -> None:
        """Take a step."""
        self._canvases.append(step.canvas)
        self._weights.append(step.weights)
        self._boxes.append(step.window.boxes)

    def drawing(self, *, aligned: bool) -> Drawing:
        """Return the steps, with the words' weights if they are `aligned` to the steps."""
        canvases = torch.stack([to_image(canvas.sigmoid()) for canvas in self._canvases[1:]], dim=1)
        return Drawing(
            canvases=canvases.float(),
            boxes=torch.stack(self._boxes, dim=1).float(),
            weights=torch.stack(self._weights, dim=1).float() if aligned else None,
            words=self._words if aligned else (),
        )

    def attention(self) -> AttentionMap:
        """Return, for every place, the mean of the steps' word weights, by how much each step changed the place.

        The model attends to words by step, not by place; this is where what a word led to was written.
        """
        values = torch.stack([canvas.float() for canvas in self._canvases], dim=1)  # N x (S + 1) x C x H x W, logits
        change = values.diff(dim=1).abs().mean(dim=2) + _UNTOUCHED  # N x S x H x W
        shares = change / change.sum(dim=1, keepdim=True)
        weights = torch.stack(self._weights, dim=1).float()  # N x S x T
        maps = torch.einsum("nst,nshw->nthw", weights, shares)
        return AttentionMap(stage=maps.shape[-1], words=self._words, weights=maps)


def to_image(values: Tensor) -> Tensor:
    """Return images N x 3 x H x W in [-1, 1] of values N x C x H x W in [0, 1]; grey becomes three equal channels."""
    return (values * 2 - 1).expand(-1, 3, -1, -1)


def shown(values: Tensor, trace: Trace | None, resolution: int) -> Tensor:
    """Return float32 images as `to_image` makes them; the trace is told them as the stage of this resolution."""
    images = to_image(values).float().contiguous()
    if trace is not None:
        trace.stages[resolution] = images
    return images


def to_values(images: Tensor, channels: int) -> Tensor:
    """Return values N x C x H x W in [0, 1] of images N x 3 x H x W in [-1, 1]; for C = 1 the channels' mean."""
    values = ((images + 1) / 2).clamp(0, 1)
    return values.mean(dim=1, keepdim=True) if channels == 1 else values
