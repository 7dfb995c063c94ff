"""Real images made worse on purpose, by known amounts: what a metric that works has to notice.

Every corruption keeps the plan's captions. Where a caption has several images, the clean ones after its own are others
of its class, as a model makes them with other noise. Pixels are changed by our own arithmetic, so that no library's
version moves them; whatever is random is keyed by the plan's seed and the caption.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from t2ibench.core.files import digest_of
from t2ibench.core.noise import seed_of
from t2ibench.core.types import PlanItem, SamplePlan
from t2ibench.data.manifest import Manifest
from t2ibench.evaluation.images.plan import TRAINING
from t2ibench.evaluation.images.sources import RealSource

VERSION: Final = 1
"""Raised by hand whenever a change here could move a pixel."""

Harm = Literal["fidelity", "diversity", "alignment", "novelty", "variety", "counts", "positions"]
"""Novelty is what copies of training images lack, variety what a model lacks that makes one image of a caption."""
Redraw = Callable[[Sequence[str], str], "Tensor"]
"""(ids of images, what is wrong in them) -> uint8 images N x 3 x H x W."""
Change = Callable[["Tensor", float, Sequence[int]], "Tensor"]
"""(uint8 images N x 3 x H x W, strength, a seed each) -> uint8 images of the same shape."""

_BLOCK: Final = 8
_STAND_IN: Final = 1.5
"""Sigma of the blur, in pixels, that makes real images those of a mediocre model, into which copies are planted."""
_MATCHING: Final = frozenset[Harm]({"alignment", "counts", "positions"})
"""All that an image of another caption harms."""


@dataclass(frozen=True)
class Corruption:
    """One way to make real images worse.

    Attributes:
        name: as in the study's tables.
        title: for a head.
        unit: what a strength is.
        strengths: mostly five, the weakest first.
        harms: what it surely damages; a metric of any of these must get worse, one of none of these must not move.
            Alignment under a change of pixels is left open: a caption stays true of an image that is hard to see.
        change: of the pixels; None for those that hand real images to other captions.
        redraws: what is wrong in images drawn anew, of data sets whose truth can do that; see `KnownTruth`.
        planted: whether it plants training images among images of a mediocre model, which are then its clean row.
    """

    name: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    harms: frozenset[Harm]
    change: Change | None = None
    redraws: Literal["counts", "positions"] | None = None
    planted: bool = False

    @property
    def leaves_open(self) -> frozenset[Harm]:
        """What it may or may not damage, so that no metric of it is judged."""
        if self.redraws:  # a caption speaks of more than numbers and positions
            return frozenset[Harm]({"alignment", "diversity"})
        return (_MATCHING if self.change else frozenset[Harm]()) - self.harms


def blurred(images: Tensor, sigma: float, seeds: Sequence[int]) -> Tensor:
    """Return the images under a Gaussian filter of `sigma` pixels, edges mirrored."""
    reach = min(math.ceil(3 * sigma), images.shape[-1] - 1)
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float32)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = (weights / weights.sum()).expand(3, 1, 1, -1)
    padded = pad(images.float(), (reach, reach, reach, reach), mode="reflect")
    rows = conv2d(padded, weights, groups=3)
    return _as_uint8(conv2d(rows, weights.transpose(2, 3), groups=3))


def noised(images: Tensor, deviation: float, seeds: Sequence[int]) -> Tensor:
    """Return the images with Gaussian noise of `deviation` (of 255) on every value."""
    drawn = [torch.randn(images.shape[1:], generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return _as_uint8(images.float() + deviation * torch.stack(drawn))


def quantised(images: Tensor, step: float, seeds: Sequence[int]) -> Tensor:
    """Return the images as a coarse JPEG shows them: cosine coefficients of 8 x 8 blocks in multiples of `step`.

    One step for all coefficients and channels; sides must be multiples of 8.
    """
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
        Corruption("captions", "Captions shuffled", "share", (0.2, 0.4, 0.6, 0.8, 1), _MATCHING),
        Corruption("modes", "Classes dropped", "share", (0.2, 0.4, 0.6, 0.8, 0.95), _MATCHING | {"diversity"}),
        Corruption("few-modes", "One class dropped, two, four", "classes", (1, 2, 4), _MATCHING | {"diversity"}),
        Corruption("copies", "Copies", "share", (0.5, 0.75, 0.9, 0.95, 0.98), _MATCHING | {"diversity"}),
        Corruption(
            "planted", "Training images planted", "share", (0.01, 0.05, 0.2), _MATCHING | {"novelty"}, planted=True
        ),
        Corruption("ignored-noise", "Noise ignored", "share", (0.2, 0.4, 0.6, 0.8, 1), frozenset({"variety"})),
        Corruption("counts", "Counts wrong", "share", (0.2, 0.4, 0.6, 0.8, 1), frozenset({"counts"}), redraws="counts"),
        Corruption(
            "positions",
            "Positions wrong",
            "share",
            (0.2, 0.4, 0.6, 0.8, 1),
            frozenset({"positions"}),
            redraws="positions",
        ),
    )
}
"""Name -> corruption, in the order of the tables."""


def fault_of(corruption: Corruption, manifest: Manifest, plan: SamplePlan, *, redrawn: bool) -> str:
    """Return why a corruption cannot be made of a plan's images, "" if it can.

    Args:
        corruption: which.
        manifest: the data set.
        plan: the images asked for.
        redrawn: whether the data set's truth can draw images anew.
    """
    if corruption.redraws and not redrawn:
        return f"nothing draws images of {manifest.name} again with their {corruption.redraws} wrong"
    if corruption.planted and (plan.split == TRAINING or TRAINING not in manifest.splits):
        return f"{manifest.name} has no training images beside those that are judged"
    if corruption.name == "few-modes" and any(item.caption.class_id is None for item in plan.items):
        return f"{manifest.name} has no classes"
    if corruption.name == "ignored-noise" and not any(item.sample for item in plan.items):
        return "every caption has one image: the protocol needs captions_each of two or more"
    return ""


class CorruptedSource(RealSource):
    """The plan's real images under one corruption.

    Args:
        manifest: the data set.
        plan: the images asked for.
        resolution: side the images are judged at; their pixels are changed at this side.
        corruption: which; None for none.
        strength: in the corruption's unit; 0 for its clean row.
        redraw: (image ids, what is wrong) -> uint8 images of the resolution, for a corruption that redraws.
    """

    def __init__(
        self,
        manifest: Manifest,
        plan: SamplePlan,
        resolution: int,
        corruption: Corruption | None = None,
        strength: float = 0,
        redraw: Redraw | None = None,
    ) -> None:
        training = [image.id for image in manifest.splits.get(TRAINING, ())]
        self.image_of = dealt(plan, corruption, strength, training)
        name = "clean" if corruption is None else f"{corruption.name}-{strength:g}"
        title = "Real images" if corruption is None else f"{corruption.title}, {strength:g} ({corruption.unit})"
        super().__init__(
            manifest, self.image_of, resolution, name=name, title=title, note="A corruption of known size."
        )
        self._corruption = corruption
        self._strength = strength
        self._redraw = redraw
        self._own = dealt(plan, None, 0)
        self._wrong = {item.id for item in _chosen(plan, corruption, strength)} if redraw and corruption else set()
        self.identity = digest_of([self.identity, "corruption", VERSION, name, resolution])

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Return uint8 images, N x 3 x H x W."""
        real, one = super().pixels_of(items, seed), self._corruption
        if one is None:
            return real
        if one.change is not None:
            return one.change(real, self._strength, [seed_of(seed, *item.id, "corruption") for item in items])
        if one.planted:
            own = torch.tensor([self.image_of[item.id] == self._own[item.id] for item in items])
            return torch.where(own[:, None, None, None], blurred(real, _STAND_IN, ()), real)
        wrong = [row for row, item in enumerate(items) if item.id in self._wrong]
        if self._redraw is not None and one.redraws and wrong:
            real = real.clone()
            real[wrong] = self._redraw([self.image_of[items[row].id] for row in wrong], one.redraws)
        return real


def dealt(
    plan: SamplePlan, corruption: Corruption | None, strength: float, training: Sequence[str] = ()
) -> dict[tuple[str, int], str]:
    """Return plan item -> image id: its own image, or the one that a corruption without pixels hands it.

    Where a caption has several images, the first is its own and the others are the next ones of its class in the plan
    (of all, where there are no classes). A stronger corruption changes whatever a weaker one does: the items whose
    captions are shuffled, the classes that are dropped and the images that stay are nested.

    "captions": a keyed share of the items pass their images round in a ring, so the set of images stays the same.
    "modes", "few-modes": images of a keyed share, or number, of the classes (of images, where there are no classes)
    give way to random ones of the classes that stay. "copies": only a keyed (1 - share) of the images is used, over and
    over. "planted": a keyed share of the items get images of `training`, drawn without replacement as far as they go.
    "ignored-noise": a keyed share of the captions have one of their images for all of their noises.
    """
    own = _own_images(plan)
    if corruption is None or corruption.change is not None or corruption.redraws:
        return own
    order = _chosen(plan, corruption, 1)
    if corruption.planted:
        pool = list(training)
        random.Random(seed_of(plan.seed, "planted", plan.dataset)).shuffle(pool)
        planted = _chosen(plan, corruption, strength)
        return own | {item.id: pool[place % len(pool)] for place, item in enumerate(planted)}
    if corruption.name == "ignored-noise":
        captions = list(dict.fromkeys(item.caption.id for item in order))
        still = set(captions[: round(strength * len(captions))])
        times = Counter(item.caption.id for item in order)
        given = {}
        for item in order:
            if item.caption.id in still:
                turn = random.Random(seed_of(plan.seed, "one noise", item.caption.id)).randrange(times[item.caption.id])
                given[item.id] = own[(item.caption.id, turn)]
        return own | given
    if corruption.name == "captions":
        moved = _chosen(plan, corruption, strength)
        return own | {item.id: own[moved[place - 1].id] for place, item in enumerate(moved)}
    if corruption.name in ("modes", "few-modes"):
        classes = list(dict.fromkeys(_mode(item) for item in order))
        many = round(strength) if corruption.name == "few-modes" else round(strength * len(classes))
        dropped = set(classes[: min(many, len(classes) - 1)])
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


def _own_images(plan: SamplePlan) -> dict[tuple[str, int], str]:
    rings: dict[int | None, list[str]] = {}
    for item in plan.items:
        ring = rings.setdefault(item.caption.class_id, [])
        if item.caption.image_id not in ring:
            ring.append(item.caption.image_id)
    found = {}
    for item in plan.items:
        ring = rings[item.caption.class_id]
        found[item.id] = ring[(ring.index(item.caption.image_id) + item.sample) % len(ring)]
    return found


def _chosen(plan: SamplePlan, corruption: Corruption, strength: float) -> list[PlanItem]:
    """Return a keyed share of the items; a larger share holds a smaller one."""
    order = list(plan.items)
    random.Random(seed_of(plan.seed, "corruption", corruption.name, plan.dataset)).shuffle(order)
    return order[: round(strength * len(order))]


def _mode(item: PlanItem) -> str:
    return item.caption.image_id if item.caption.class_id is None else str(item.caption.class_id)


def _as_uint8(values: Tensor) -> Tensor:

    return values.round().clamp(0, 255).to(torch.uint8)
