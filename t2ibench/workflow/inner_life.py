"""What a model shows while it draws a few captions of a plan: stages, boxes, attention, gates, canvases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from t2ibench.types import AttentionMap, GateMap, PlanItem, Trace
from t2ibench.workflow.drawing_film import legend, step_tiles
from t2ibench.workflow.framed_box import framed_tile
from t2ibench.workflow.montage import Tile, attention_tiles, picture_tile

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

    from t2ibench.evaluation.sources import ModelSource

SHOWN: Final = 2
"""Captions whose making is shown."""
SIDE: Final = 112
"""Side of every tile in pixels."""
_STEPS: Final = 16


def inner_life(source: ModelSource, items: Sequence[PlanItem], seed: int) -> tuple[list[dict[str, Any]], list[Image]]:
    """Return (what is seen, the tiles) of the first SHOWN items; both empty for a model that shows nothing.

    What is seen is a list of {"caption", "views"}; a view is {"title", "labels"} with as many tiles as labels, in
    order, or {"title", "bars"} with [word, value in 0..1] pairs.
    """
    items = items[:SHOWN]
    pictures, trace = source.inside(items, seed)
    seen, tiles = [], []
    for index, item in enumerate(items):
        views, found = views_of(pictures, trace, index)
        if views:
            seen.append({"caption": item.caption.text, "views": views})
            tiles += found
    return seen, tiles


def views_of(pictures: Tensor, trace: Trace, index: int) -> tuple[list[dict[str, Any]], list[Image]]:
    """Return (views, tiles) of one picture of a batch, as `inner_life`.

    Args:
        pictures: N x 3 x H x W in [-1, 1], the finished ones.
        trace: what the model showed.
        index: which of the batch.
    """
    views: list[dict[str, Any]] = []
    images: list[Image] = []

    def add(title: str, tiles: Sequence[Tile]) -> None:
        views.append({"title": title, "labels": [tile.label for tile in tiles]})
        images.extend(tile.image.resize((SIDE, SIDE)) for tile in tiles)

    stages = {**trace.stages, pictures.shape[-1]: pictures}
    if trace.stages and (len(stages) > 1 or trace.boxes is None):  # the only one is shown with its box below
        add("Stages", [picture_tile(stages[side][index], f"{side} px") for side in sorted(stages)])
    if trace.boxes is not None:
        x, y, across, down = (round(100 * float(share)) for share in trace.boxes[index])
        framed = framed_tile(pictures[index], trace.boxes[index].float().cpu())
        label = f"{across}% by {down}%, from {x}%, {y}%"
        add("Box: where the object was asked to be", [Tile(framed.image, label)])
    for attention in trace.attention:
        ground = stages.get(attention.stage, pictures)[index]
        add(f"Attention for {attention.stage} px, by word", attention_tiles(ground, attention, index))
    for gate in trace.gates:
        if gate.values.ndim == 2:
            words = gate.words[index] if gate.words else ()
            values = gate.values[index].float().cpu().tolist()
            bars = [[word, round(value, 4)] for word, value in zip(words, values, strict=False)]
            views.append({"title": f"{gate.name} gate for {gate.stage} px, by word".capitalize(), "bars": bars})
        else:
            ground = stages.get(gate.stage, pictures)[index]
            title = f"{gate.name} gate for {gate.stage} px, by place".capitalize()
            add(title, attention_tiles(ground, _as_attention(gate), index))
    if trace.drawing is not None:
        steps = step_tiles(trace.drawing, index)
        every = -(-len(steps) // _STEPS)
        shown = [steps[place] for place in range(len(steps)) if (len(steps) - 1 - place) % every == 0]
        add(f"Canvas, step by step; {legend(trace.drawing, index)}", shown)
    return views, images


def _as_attention(gate: GateMap) -> AttentionMap:
    """Return a gate by place as a map of one word, its name."""
    return AttentionMap(gate.stage, tuple((gate.name,) for _ in gate.values), gate.values[:, None])
