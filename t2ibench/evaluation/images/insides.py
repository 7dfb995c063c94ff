"""Looking at a model while it makes a plan's images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from t2ibench.core.types import PlanItem, SamplePlan, Trace

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.features.insides import LooksInside

_AGAIN: Final = 1_000_000
"""Added to a sample's number for the second noise of a caption, which is no image's of any plan."""

Inside = Callable[[Sequence[PlanItem], int], tuple["Tensor", Trace]]


def looked(inside: Inside, plan: SamplePlan, judge: LooksInside, *, at_once: int) -> Mapping[str, Tensor]:
    """Return the layers of an extractor that looks inside, float32 on the CPU, a row an item of the plan.

    Args:
        inside: `ModelSource.inside`.
        plan: which images.
        judge: what looks.
        at_once: images made at a time.
    """
    import torch

    parts: list[Mapping[str, Tensor]] = []
    for start in range(0, len(plan), at_once):
        items = plan.items[start : start + at_once]
        images, trace = inside(items, plan.seed)
        _, again = inside([replace(item, sample=item.sample + _AGAIN) for item in items], plan.seed)
        parts.append(judge.look([item.caption for item in items], images, trace, again))
    return {layer: torch.cat([part[layer] for part in parts]) for layer in parts[0]}
