"""What a model shows while it draws an image: stages, boxes, attention, gates, canvases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PIL.Image import Image
from torch import Tensor

from t2ibench.core.types import AttentionMap, GateMap, Trace
from t2ibench.sampling.drawing_film import legend, step_tiles
from t2ibench.sampling.framed_box import framed_tile
from t2ibench.sampling.montage import Tile, attention_tiles, image_tile

SIDE: Final = 112
"""Side of every tile in pixels."""
_STEPS: Final = 16


def views_of(images: Tensor, trace: Trace, index: int) -> tuple[list[dict[str, Any]], list[Image]]:
    """Return (views, tiles) of one image of a batch.

    A view is {"title", "labels"} with as many tiles as labels, in order, or {"title", "bars"} with
    [word, value in 0..1] pairs.

    Args:
        images: N x 3 x H x W in [-1, 1], the finished ones.
        trace: what the model showed.
        index: which of the batch.
    """
    views: list[dict[str, Any]] = []
    shown: list[Image] = []

    def add(title: str, tiles: Sequence[Tile]) -> None:
        views.append({"title": title, "labels": [tile.label for tile in tiles]})
        shown.extend(tile.image.resize((SIDE, SIDE)) for tile in tiles)

    stages = {**trace.stages, images.shape[-1]: images}
    if trace.stages and (len(stages) > 1 or trace.boxes is None):  # the only one is shown with its box below
        add("Stages", [image_tile(stages[resolution][index], f"{resolution} px") for resolution in sorted(stages)])
    if trace.boxes is not None:
        x, y, across, down = (round(100 * float(share)) for share in trace.boxes[index])
        framed = framed_tile(images[index], trace.boxes[index].float().cpu())
        label = f"{across}% by {down}%, from {x}%, {y}%"
        add("Box: where the object was asked to be", [Tile(framed.image, label)])
    for attention in trace.attention:
        ground = stages.get(attention.stage, images)[index]
        add(f"Attention for {attention.stage} px, by word", attention_tiles(ground, attention, index))
    for gate in trace.gates:
        if gate.values.ndim == 2:
            words = gate.words[index] if gate.words else ()
            values = gate.values[index].float().cpu().tolist()
            bars = [[word, round(value, 4)] for word, value in zip(words, values, strict=False)]
            views.append({"title": f"{gate.name} gate for {gate.stage} px, by word".capitalize(), "bars": bars})
        else:
            ground = stages.get(gate.stage, images)[index]
            title = f"{gate.name} gate for {gate.stage} px, by place".capitalize()
            add(title, attention_tiles(ground, _as_attention(gate), index))
    if trace.drawing is not None:
        steps = step_tiles(trace.drawing, index)
        every = -(-len(steps) // _STEPS)
        chosen = [steps[place] for place in range(len(steps)) if (len(steps) - 1 - place) % every == 0]
        add(f"Canvas, step by step; {legend(trace.drawing, index)}", chosen)
    return views, shown


def _as_attention(gate: GateMap) -> AttentionMap:
    """Return a gate by place as a map of one word, its name."""
    return AttentionMap(gate.stage, tuple((gate.name,) for _ in gate.values), gate.values[:, None])
