"""The values that travel through the toolkit. No torch at import: tensors appear in annotations only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from t2ibench.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Caption:
    """One sentence about one image.

    Attributes:
        id: stable on every machine, "<data set>/<split>/<image>#<index>"; keyed noise hangs on it.
        text: the sentence as written.
        image_id: the image it was written for ("" for a sentence typed by a user).
        index: its place among the image's captions, from 0.
        class_id: the image's class, None where the data set has none.
    """

    id: str
    text: str
    image_id: str = ""
    index: int = 0
    class_id: int | None = None


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One image to be made: the `sample`-th image for `caption`."""

    caption: Caption
    sample: int = 0

    @property
    def id(self) -> tuple[str, int]:
        """The image's key: (caption id, sample)."""
        return (self.caption.id, self.sample)


@dataclass(frozen=True)
class SamplePlan:
    """Which images an evaluation asks for, in order: what every row of a table has in common.

    Attributes:
        items: the images, in order.
        seed: the seed of the keyed noise.
        dataset: name of the data set the captions come from.
        split: the split the captions come from.
    """

    items: tuple[PlanItem, ...]
    seed: int
    dataset: str
    split: str

    def __len__(self) -> int:
        return len(self.items)

    @property
    def digest(self) -> str:
        """SHA-256 over seed, data set, split and every item's key and text, in order."""
        hasher = hashlib.sha256(f"plan-1\0{self.seed}\0{self.dataset}\0{self.split}\0".encode())
        for item in self.items:
            hasher.update(f"{item.caption.id}\0{item.sample}\0{item.caption.text}\0".encode())
        return hasher.hexdigest()


@dataclass(frozen=True, slots=True)
class ImageBatch:
    """Finished images.

    Attributes:
        ids: (caption id, sample) an image, N of them.
        pixels: uint8, N x 3 x H x W, RGB.
    """

    ids: tuple[tuple[str, int], ...]
    pixels: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class GaussianStatistics:
    """What is left of a set of images' features in a statistics file.

    Attributes:
        mean: float64 d.
        covariance: float64 d x d.
        n: how many images it was computed from; None where the file does not say.
    """

    mean: np.ndarray
    covariance: np.ndarray
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval: `level` of such intervals hold the true value. `method` names how it was made."""

    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured value with what is needed to judge it.

    Attributes:
        value: the figure, in the metric's unit.
        interval: None where none can be given.
        n: how many images it rests on.
        spread: the papers' own spreads under their own names, as in {"std over 10 splits": 0.04}.
        warnings: sentences a reader of the figure must see.
    """

    value: float
    interval: Interval | None
    n: int
    spread: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class Origin(StrEnum):
    """Where a number comes from. Numbers of different origin are never ranked together with reported ones."""

    REPORTED = "reported"
    OFFICIAL_WEIGHTS = "official-weights"
    RETRAINED = "retrained"
    EXTERNAL_IMAGES = "external-images"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a model can do, stated before hours of work depend on it.

    Attributes:
        resolution: side of the finished image in pixels.
        stages: sides of all images it makes on the way, ascending; the last is `resolution`.
        uses: what it reads of a caption, a subset of {"sentence", "words"}.
        latents: names of the noise it draws, as in ("z", "ca").
        attention: whether it can fill `Trace.attention`.
        bound: whether it has a likelihood bound.
        any_text: whether it reads any sentence; else only captions of its data set, whose codes are in files.
        conditions: what it can be given besides a caption, as in ("box",); see `conditions`.
        keypoints: names of the parts that keypoints are of, in their order.
    """

    resolution: int
    stages: tuple[int, ...]
    uses: frozenset[str]
    latents: tuple[str, ...]
    attention: bool = False
    bound: bool = False
    any_text: bool = True
    conditions: tuple[str, ...] = ()
    keypoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttentionMap:
    """Where one stage looked for each word.

    Attributes:
        stage: side of the image this attention led to, in pixels.
        words: per caption, the words in order (N lists).
        weights: N x T x h x w, sums to 1 over T at every place; words past a caption's end have weight 0.
    """

    stage: int
    words: tuple[tuple[str, ...], ...]
    weights: Tensor


@dataclass(frozen=True, slots=True)
class GateMap:
    """How far a gate of one stage was open.

    Attributes:
        name: of the gate, as in "writing" or "response" (DM-GAN).
        stage: side of the image this gate led to, in pixels.
        values: in [0, 1]: N x T by word, or N x h x w by place.
        words: per caption, the words in order (N lists), for a gate by word; empty for one by place.
    """

    name: str
    stage: int
    values: Tensor
    words: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """How images were drawn step by step, by a model that writes on a canvas.

    Attributes:
        canvases: N x S x 3 x H x W in [-1, 1], the canvas after each of S steps.
        boxes: N x S x 4, where each step wrote: (left, top, right, bottom) in pixels, 0 at the first pixel's centre; a
            box may leave the image.
        weights: N x S x T, how much of each word a step read, sums to 1 over T; None without word attention.
        words: per caption, the words in order (N lists); empty without word attention.
    """

    canvases: Tensor
    boxes: Tensor
    weights: Tensor | None = None
    words: tuple[tuple[str, ...], ...] = ()


@dataclass(slots=True)
class Trace:
    """What a model shows of its inner life, for galleries; metrics never read it.

    Attributes:
        stages: side in pixels -> float images N x 3 x resolution x resolution in [-1, 1].
        attention: attention maps in the order of the stages.
        gates: gates in the order of the stages; empty for models without any.
        drawing: the steps of the drawing; None for models that make an image at once.
        boxes: N x 4, where the object was asked to be: (x, y, width, height) as fractions of the image; None for
            models without boxes.
        keypoints: N x K x 3, where its parts were asked to be: (x, y) as fractions and 1, or zeros for a part that is
            not to be seen; None for models without keypoints.
    """

    stages: dict[int, Tensor] = field(default_factory=dict)
    attention: list[AttentionMap] = field(default_factory=list)
    gates: list[GateMap] = field(default_factory=list)
    drawing: Drawing | None = None
    boxes: Tensor | None = None
    keypoints: Tensor | None = None


@dataclass(frozen=True, slots=True)
class DataRequest:
    """What a model needs of every training batch.

    Attributes:
        resolutions: sides of the images wanted, ascending; the largest is the crop, the others are resized from it.
        batch_size: captions a batch.
        wrong_images: whether images of other images than the caption's are wanted too (StackGAN-v2).
        boxes: whether the objects' bounding boxes are wanted (GAWWN).
        keypoints: whether the places of the objects' parts are wanted (GAWWN with keypoints).
        whole: whole images, made square without regard to their aspect, instead of the crop around the object.
        split: whose images are wanted; a judge may need others than "train".
    """

    resolutions: tuple[int, ...]
    batch_size: int
    wrong_images: bool = False
    boxes: bool = False
    keypoints: bool = False
    whole: bool = False
    split: str = "train"


@dataclass(frozen=True, slots=True)
class BatchShare:
    """Which rows of every training batch a process computes, where several share it: a stretch of equal length each.

    Attributes:
        index: which stretch, from 0.
        count: into how many a batch is divided.
    """

    index: int = 0
    count: int = 1

    def require_even(self, size: int) -> None:
        """Check that a batch of `size` rows can be divided.

        Raises:
            UserError: it cannot.
        """
        if size % self.count:
            even = max(size // self.count, 1) * self.count
            raise UserError(
                f"A batch of {size} cannot be shared evenly by {self.count} processes. Use another number of them, or "
                f"--batch-size {even}."
            )

    def rows(self, size: int) -> slice:
        """Return its rows of a batch of `size` rows, a multiple of `count`."""
        length = size // self.count
        return slice(self.index * length, (self.index + 1) * length)


WHOLE_BATCH: Final = BatchShare()


class Together(Protocol):
    """See `TrainBatch.together`."""

    def __call__(self, tensor: Tensor, /, fill: float | None = None) -> Tensor:
        """Return the rows of all processes."""
        ...


def as_it_is(tensor: Tensor, /, fill: float | None = None) -> Tensor:
    """Return the tensor: what is together where there is one process."""
    return tensor


@dataclass(frozen=True, slots=True)
class TrainBatch:
    """One training batch.

    Attributes:
        step: the step it belongs to, from 0.
        phase: name of the phase of the model's curriculum.
        captions: N captions, one an image, drawn among the image's captions.
        images: side -> float images N x 3 x resolution x resolution in [-1, 1].
        class_ids: int64, N; every image its own number where the data set has no classes.
        wrong_images: like `images`, of other images; None unless asked for.
        boxes: float32, N x 4, the objects' boxes in `images`: (x, y, width, height) as fractions of the side, cut at
            the borders; None unless asked for.
        keypoints: float32, N x K x 3, the objects' parts in `images`: (x, y) as fractions of the side and 1, or zeros
            where a part cannot be seen; None unless asked for.
        together: of a tensor N x ... of this process the rows of all processes that share the batch, gradients
            included; for losses that set every row against all others. With `fill` a shorter last dimension is filled
            up to the longest process's. One process gets the tensor itself.
    """

    step: int
    phase: str
    captions: tuple[Caption, ...]
    images: Mapping[int, Tensor]
    class_ids: Tensor
    wrong_images: Mapping[int, Tensor] | None = None
    boxes: Tensor | None = None
    keypoints: Tensor | None = None
    together: Together = field(default=as_it_is, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of training; most models have one.

    Attributes:
        name: as batches carry it.
        share: of all steps that belong to it.
        request: what its batches must hold; None for the model's `data_request()`.
    """

    name: str = "train"
    share: float = 1.0
    request: DataRequest | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """A model's request to the engine: step this optimiser on this loss.

    Attributes:
        optimizer: a name among the model's optimisers.
        loss: a scalar with a graph.
        parts: named scalars for the log.
        clip_norm: largest gradient norm of `clip_parameters`, None for no clipping.
        clip_parameters: what is clipped; empty means all of the optimiser's parameters.
        clip_each: every tensor's norm is limited apart, instead of that of all together.
    """

    optimizer: str
    loss: Tensor
    parts: Mapping[str, Tensor] = field(default_factory=dict)
    clip_norm: float | None = None
    clip_parameters: Sequence[Tensor] = ()
    clip_each: bool = False


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Who made a model and under what terms.

    Attributes:
        title: the name in tables, as in "AttnGAN".
        paper: citation in a line.
        licence: licence of these weights.
        origin: where numbers made with it come from.
        trained_with: digests of the encoders seen in training (a judge among them is marked in tables).
        notes: deviations and warnings, a sentence each.
    """

    title: str
    paper: str
    licence: str
    origin: Origin
    trained_with: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
