"""Real images made worse on purpose, by known amounts: what a metric that works has to notice.

Every corruption keeps the plan's captions. Pixels are changed by our own arithmetic, so that no library's version moves
them; whatever is random is keyed by the plan's seed and the caption.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from t2ibench.core.files import digest_of
from t2ibench.core.noise import seed_of
from t2ibench.core.types import PlanItem, SamplePlan
from t2ibench.evaluation.sources import RealSource

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.data.manifest import Manifest

VERSION: Final = 1
"""Raised by hand whenever a change here could move a pixel."""

Harm = Literal["fidelity", "diversity", "alignment"]
Change = Callable[["Tensor", float, Sequence[int]], "Tensor"]
"""(uint8 images N x 3 x H x W, strength, a seed each) -> uint8 images of the same shape."""

_BLOCK: Final = 8


@dataclass(frozen=True)
class Corruption:
    """One way to make real images worse.

    Attributes:
        name: as in the study's tables.
        title: for a head.
        unit: what a strength is.
        strengths: five, the weakest first.
        harms: what it surely damages; a metric of any of these must get worse, one of none of these must not move.
            Alignment under a change of pixels is left open: a caption stays true of an image that is hard to see.
        change: of the pixels; None for those that hand real images to other captions.
    """

    name: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    harms: frozenset[Harm]
    change: Change | None = None

    @property
    def leaves_open(self) -> frozenset[Harm]:
        """What it may or may not damage, so that no metric of it is judged."""
        return frozenset() if self.change is None else frozenset[Harm]({"alignment"}) - self.harms


def blurred(images: Tensor, sigma: float, seeds: Sequence[int]) -> Tensor:
    """Return the images under a Gaussian filter of `sigma` pixels, edges mirrored."""
    import torch
    from torch.nn.functional import conv2d, pad

    reach = min(math.ceil(3 * sigma), images.shape[-1] - 1)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = (weights / weights.sum()).expand(3, 1, 1, -1)
    padded = pad(images.float(), (reach, reach, reach, reach), mode="reflect")
    rows = conv2d(padded, weights, groups=3)
    return _as_uint8(conv2d(rows, weights.transpose(2, 3), groups=3))


def noised(images: Tensor, deviation: float, seeds: Sequence[int]) -> Tensor:
    """Return the images with Gaussian noise of `deviation` (of 255) on every value."""
    import torch

    drawn = [torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return _as_uint8(images.float() + deviation * torch.stack(drawn))


def quantised(images: Tensor, step: float, seeds: Sequence[int]) -> Tensor:
    """Return the images as a coarse JPEG shows them: cosine coefficients of 8 x 8 blocks in multiples of `step`.

    One step for all coefficients and channels; sides must be multiples of 8.
    """
    import torch

    count, channels, height, width = images.shape
    place = torch.arange(_BLOCK, dtype=torch.float32)
    basis = torch.cos(math.pi / _BLOCK * (place + 0.5) * place[:, None]) * math.sqrt(2 / _BLOCK)
    basis[0] /= math.sqrt(2)  # orthonormal: a row a frequency
    blocks = images.float().reshape(count, channels, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).transpose(3, 4)
    coefficients = basis @ (blocks - 128) @ basis.T
    kept = basis.T @ (torch.round(coefficients / step) * step) @ basis + 128
    return _as_uint8(kept.transpose(3, 4).reshape(images.shape))


def hue_turned(images: Tensor, degrees: float, seeds: Sequence[int]) -> Tensor:
    """Return the images with all colours turned around the grey axis; greys stay."""
    import torch

    angle = math.radians(degrees)
    third, root = (1 - math.cos(angle)) / 3, math.sin(angle) / math.sqrt(3)
    same, after, before = math.cos(angle) + third, third - root, third + root
    turn = torch.tensor([[same, after, before], [before, same, after], [after, before, same]])
    return _as_uint8(torch.einsum("ij,njhw->nihw", turn, images.float()))


CORRUPTIONS: Final[Mapping[str, Corruption]] = {
    one.name: one
    for one in (
        Corruption("blur", "Blur", "sigma, pixels", (0.5, 1, 1.5, 2.5, 4), frozenset({"fidelity"}), blurred),
        Corruption("noise", "Pixel noise", "deviation of 255", (8, 16, 32, 64, 96), frozenset({"fidelity"}), noised),
        Corruption(
            "blocks", "Coarse 8 x 8 blocks", "step", (40, 80, 160, 240, 400), frozenset({"fidelity"}), quantised
        ),
        Corruption(
            "hue", "Hue turned", "degrees", (20, 45, 75, 120, 180), frozenset({"fidelity", "alignment"}), hue_turned
        ),
        Corruption("captions", "Captions shuffled", "share", (0.2, 0.4, 0.6, 0.8, 1), frozenset({"alignment"})),
        Corruption(
            "modes", "Classes dropped", "share", (0.2, 0.4, 0.6, 0.8, 0.95), frozenset({"diversity", "alignment"})
        ),
        Corruption("copies", "Copies", "share", (0.5, 0.75, 0.9, 0.95, 0.98), frozenset({"diversity", "alignment"})),
    )
}
"""Name -> corruption, in the order of the tables."""


class CorruptedSource(RealSource):
    """The plan's real images under one corruption.

    Args:
        manifest: the data set.
        plan: the images asked for.
        resolution: side the images are judged at; their pixels are changed at this side.
        corruption: which; None for none.
        strength: in the corruption's unit.
    """

    def __init__(
        self,
        manifest: Manifest,
        plan: SamplePlan,
        resolution: int,
        corruption: Corruption | None = None,
        strength: float = 0,
    ) -> None:
        self.image_of = dealt(plan, corruption, strength)
        name = "clean" if corruption is None else f"{corruption.name}-{strength:g}"
        title = "Real images" if corruption is None else f"{corruption.title}, {strength:g} ({corruption.unit})"
        super().__init__(
            manifest, self.image_of, resolution, name=name, title=title, note="A corruption of known size."
        )
        self._corruption = corruption
        self._strength = strength
        self.identity = digest_of([self.identity, "corruption", VERSION, name, resolution])

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Return uint8 images, N x 3 x H x W."""
        real = super().pixels_of(items, seed)
        if self._corruption is None or self._corruption.change is None:
            return real
        return self._corruption.change(real, self._strength, [seed_of(seed, *item.id, "corruption") for item in items])


def dealt(plan: SamplePlan, corruption: Corruption | None, strength: float) -> dict[tuple[str, int], str]:
    """Return plan item -> image id: its own image, or the one that a corruption without pixels hands it.

    A stronger corruption changes whatever a weaker one does: the items whose captions are shuffled, the classes that
    are dropped and the images that stay are nested.

    "captions": a keyed share of the items pass their images round in a ring, so the set of images stays the same.
    "modes": images of a keyed share of the classes (of images, where there are no classes) give way to random ones of
    the classes that stay. "copies": only a keyed (1 - share) of the images is used, over and over.
    """
    own = {item.id: item.caption.image_id for item in plan.items}
    if corruption is None or corruption.change is not None:
        return own
    order = list(plan.items)
    random.Random(seed_of(plan.seed, "corruption", corruption.name, plan.dataset)).shuffle(order)
    if corruption.name == "captions":
        moved = order[: round(strength * len(order))]
        return own | {item.id: own[moved[place - 1].id] for place, item in enumerate(moved)}
    if corruption.name == "modes":
        classes = list(dict.fromkeys(_mode(item) for item in order))
        dropped = set(classes[: min(round(strength * len(classes)), len(classes) - 1)])
        pool = [own[item.id] for item in order if _mode(item) not in dropped]
        lost = [item for item in order if _mode(item) in dropped]
    else:
        kept = max(round((1 - strength) * len(order)), 1)
        pool = [own[item.id] for item in order[-kept:]]
        lost = order[:-kept]
    given = {}
    for item in lost:
        given[item.id] = pool[random.Random(seed_of(plan.seed, corruption.name, *item.id)).randrange(len(pool))]
    return own | given


def _mode(item: PlanItem) -> str:
    return item.caption.image_id if item.caption.class_id is None else str(item.caption.class_id)


def _as_uint8(values: Tensor) -> Tensor:
    import torch

    return values.round().clamp(0, 255).to(torch.uint8)
