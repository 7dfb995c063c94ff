"""Asking a model how likely it finds real images, given their captions."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.machine.threads import side_by_side
from t2ibench.core.noise import Noise, seed_of
from t2ibench.core.registry import registry

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.interfaces import HasBound
    from t2ibench.core.types import PlanItem, SamplePlan
    from t2ibench.data.manifest import Manifest
    from t2ibench.features.likelihood import LikelihoodOptions

_PAIRS: Final = 200
"""Pairs of a caption and an image that pass through a model at once."""


def bound_of(plugin: str, parameters: Mapping[str, Any]) -> str:
    """Return what a registered model's bound is of, "" for one without a bound."""
    found = registry("models")[plugin]
    if not hasattr(found, "bound_of"):
        return ""
    return str(found.bound_of(found.Parameters.model_validate(dict(parameters))))


def candidates_for(item: PlanItem, manifest: Manifest, plan: SamplePlan, count: int) -> list[str]:
    """Return image ids, the caption's own first: what it is looked for among. Other images never bear its words.

    Args:
        item: whose caption.
        manifest: the data set.
        plan: its split and seed.
        count: how many; 0 or 1 for the own one alone.

    Raises:
        UserError: the split has too few other images.
    """
    own = item.caption.image_id
    if count <= 1:
        return [own]
    others = [
        image.id for image in manifest.split(plan.split) if image.id != own and item.caption.text not in image.captions
    ]
    if len(others) < count - 1:
        raise UserError(
            f"Retrieval among {count} images needs {count - 1} others; the split {plan.split} of {manifest.name} has "
            f"{len(others)} with other captions. Ask for fewer candidates in benchmarks.toml."
        )
    numbers = random.Random(seed_of(plan.seed, "retrieval candidates", item.caption.id))
    return [own, *numbers.sample(others, count - 1)]


def bounds_of(
    model: HasBound, plan: SamplePlan, manifest: Manifest, options: LikelihoodOptions, *, resolution: int, device: str
) -> dict[str, Tensor]:
    """Return the layers of `features.likelihood.Likelihood`, float32 on the CPU, a row an item of the plan.

    A caption's candidates are all weighed with the same noise, so that its chance does not decide between them.

    Raises:
        UserError: an image cannot be read, or there are too few candidates.
        RunFailedError: a bound is not finite.
    """
    import torch

    own = [(item, item.caption.image_id, draw) for item in plan.items for draw in range(options.draws)]
    layers = {"bound": _weighed(model, own, plan, manifest, resolution, device).view(len(plan), -1)}
    if options.candidates:
        count = options.candidates
        pairs = [(item, image, 0) for item in plan.items for image in candidates_for(item, manifest, plan, count)]
        layers["candidates"] = _weighed(model, pairs, plan, manifest, resolution, device).view(len(plan), -1)
    for layer in layers.values():
        if not bool(torch.isfinite(layer).all()):
            raise RunFailedError("A model's likelihood bound is not finite: its training may have diverged.")
    return layers


def _weighed(
    model: HasBound,
    pairs: Sequence[tuple[PlanItem, str, int]],
    plan: SamplePlan,
    manifest: Manifest,
    resolution: int,
    device: str,
) -> Tensor:
    """Return the bounds of (item, image, draw), one after another."""
    import torch

    from t2ibench.data.images import RealImages

    needed = list(dict.fromkeys(image for _, image, _ in pairs))
    place = {image: at for at, image in enumerate(needed)}
    images = RealImages(manifest).load(needed, resolution)  # uint8, M x 3 x side x side
    noise = Noise(plan.seed)

    def weighed(part: Sequence[tuple[PlanItem, str, int]]) -> Tensor:
        pixels = images[[place[image] for _, image, _ in part]].to(device)
        # Not the noise of the caption's images: sample 0 of "bound" is no image's.
        keys = [(f"{item.caption.id} bound {item.sample}", draw) for item, _, draw in part]
        captions = [item.caption for item, _, _ in part]
        return model.bound(captions, pixels.float() / 127.5 - 1, noise.bind(keys, device)).cpu()

    parts = [pairs[start : start + _PAIRS] for start in range(0, len(pairs), _PAIRS)]
    return torch.cat(side_by_side(weighed, parts, device=device)).float()
