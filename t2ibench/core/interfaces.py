"""What a plug-in must offer. These Protocols are the whole contract between the toolkit and a model, metric or report.

A registered name (see `registry`) leads to a class. Classes of models and encoders are built by `build`, so that a
folder on disk and a table of benchmarks.toml describe them alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from pydantic import BaseModel
    from torch import Tensor
    from torch.nn import Module
    from torch.optim import Optimizer

    from t2ibench.core.types import (
        Capabilities,
        Caption,
        DataRequest,
        Estimate,
        GaussianStatistics,
        ModelCard,
        Phase,
        Trace,
        TrainBatch,
        Update,
    )


class BoundNoise(Protocol):
    """Noise for one batch, given to a model and never drawn by it."""

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Return standard normal float32 numbers, N x shape, for the latent `name`; the same at every call."""
        ...


@dataclass(frozen=True)
class BuildContext:
    """What a plug-in class is given besides its parameters.

    Attributes:
        purpose: "train" builds every network; "generate" builds only those that making images needs.
        vocabulary: words of the data set's captions, index 0 is the padding; encoders need it.
        encoders: the encoders a model asked for in `requirements`, already trained (or, for "generate", with the shape
            to be filled from the model's folder).
        data_root: folder of the data set's files, for plug-ins that read more of them than images and captions; None
            where no data set is open.
        wrapped: the trained model that a plug-in makes its images with, see `wrapping`; None for all others.
    """

    purpose: Literal["train", "generate"]
    vocabulary: Sequence[str] = ()
    encoders: Mapping[str, Any] = field(default_factory=dict)
    data_root: Path | None = None
    wrapped: Any = None


@runtime_checkable
class TextToImage(Protocol):
    """A model that makes images of captions."""

    capabilities: Capabilities

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x H x W in [-1, 1]. An image depends on its caption and noise alone."""
        ...


@runtime_checkable
class Trainable(Protocol):
    """Something the training loop can train. No method mentions a device: the engine moves networks and batches."""

    def networks(self) -> Mapping[str, Module]:
        """Return the networks that learn, by name ("generator", "discriminator/64"); a checkpoint holds these."""
        ...

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return networks that are used but do not learn; the engine moves them and keeps them in eval mode."""
        ...

    def data_request(self) -> DataRequest:
        """Return what every batch must hold."""
        ...

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return new optimisers by name, over parameters of `networks()`. Called once, after networks are moved."""
        ...

    def curriculum(self) -> Sequence[Phase]:
        """Return the phases of training; one for most models."""
        ...

    def ema(self) -> Mapping[str, float]:
        """Return network name -> decay of the exponential moving average of its parameters; empty for none."""
        ...

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the updates of one step in the paper's order. The engine steps the optimiser between two yields."""
        ...


@runtime_checkable
class HasSchedule(Protocol):
    """A trainable whose learning rates change."""

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return optimiser name -> learning rate for this step.

        Args:
            step: counted from 0 within the phase of the curriculum.
            steps_per_epoch: of this phase.
        """
        ...


@runtime_checkable
class HasBound(Protocol):
    """A model with a lower bound on the likelihood of an image given its caption."""

    @classmethod
    def bound_of(cls, parameters: Any) -> str:
        """Return what the bound is of, as in "32 x 32 RGB". Bounds are comparable only where this is equal."""
        ...

    def bound(self, captions: Sequence[Caption], images: Tensor, noise: BoundNoise) -> Tensor:
        """Return a draw of the lower bound on log p(image | caption) in nats, N, without a graph, in eval mode.

        Args:
            captions: N of them.
            images: one for each, float32 N x 3 x H x W in [-1, 1], H and W being the model's resolution.
            noise: what the draw hangs on.
        """
        ...


@runtime_checkable
class ReadsDataFiles(Protocol):
    """A plug-in class whose result depends on more files of the data set than its images and captions."""

    @classmethod
    def with_files(cls, parameters: Any, root: Path) -> Any:
        """Return the parameters with the files' digests in a field `digests`, so that they are part of every identity.

        Args:
            parameters: of the plug-in.
            root: folder of the data set's files.

        Raises:
            UserError: a file is missing.
        """
        ...


class PluginClass(Protocol):
    """What the class behind a registered model or encoder offers before it is built."""

    Parameters: ClassVar[type[BaseModel]]
    """Frozen pydantic model (extra fields forbidden) of everything that can change the result.

    A model's may name, as a ClassVar `at_generation: frozenset[str]`, the parameters that no weight hangs on, such as
    the attention mask: a protocol can set them anew for the images it judges. One called `official_mask` says, where
    it is true, that an image depends on its batch; batches are then of a fixed size, which is part of the identity.
    """

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper and licence."""
        ...

    @classmethod
    def requirements(cls, parameters: Any) -> tuple[str, ...]:
        """Return names of the encoders it needs, as in ("damsm",); empty for none."""
        ...

    @classmethod
    def build(cls, parameters: Any, context: BuildContext) -> Self:
        """Return the model with freshly initialised networks (global torch RNG, seeded by the caller)."""
        ...

    def exported(self) -> Mapping[str, Module]:
        """Return the networks that `generate` (or an encoder's use) needs: these are what a model folder holds."""
        ...


@dataclass(frozen=True)
class FeatureIdentity:
    """What makes features comparable: two numbers share a column only where all of this is equal.

    Attributes:
        name: registered name of the extractor.
        version: raised by hand when a change could move a feature.
        weights: SHA-256 of the weights.
        resize: how images reach the network's size, as in "bilinear-tf1 299".
        range: value range the network sees, as in "[-1, 1]".
        standing: "standard" for the field's networks; "stand-in" for ours, named as such; "random" is never ranked.
        captions: how a judge reads captions where it is not every word, as in "25 words at most".
        made: what sets the weights apart from those the field knows by this name, as in "fine-tuned here"; it stands in
            the column's head. "" mostly.
    """

    name: str
    version: int
    weights: str
    resize: str
    range: str
    standing: Literal["standard", "stand-in", "random"] = "standard"
    captions: str = ""
    made: str = ""


@runtime_checkable
class FeatureExtractor(Protocol):
    """Images to features.

    Attributes:
        identity: see FeatureIdentity.
        layers: layer name -> number of features, as in {"pool": 2048, "logits": 1008}.
    """

    identity: FeatureIdentity
    layers: Mapping[str, int]

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return float32 features N x d a layer, on the CPU, of uint8 images N x 3 x H x W."""
        ...


@runtime_checkable
class CaptionJudge(FeatureExtractor, Protocol):
    """An extractor that places captions in the same space as images (layer "image")."""

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return float32 caption codes N x d on the CPU."""
        ...


@dataclass(frozen=True)
class MetricInput:
    """What a metric computes from. All arrays are in the plan's order.

    Attributes:
        features: layer -> float array N x d of the images judged.
        reference: the same of the reference images; empty where the metric needs none.
        groups: int array N: images with one number were made for captions of one image (for the bootstrap).
        caption_codes: float array M x d, codes of all captions of the split (R-precision); None unless needed.
        queries: int array N: which of the M captions each image was made for.
        negatives: int array N x 99 into the M captions, stored with the protocol.
        seed: seed of the bootstrap.
        statistics: mean and covariance in the place of `features`, for metrics with `reads_statistics`; else None.
        reference_statistics: the same in the place of `reference`.
        device: where the metric may compute, in float64.
        pairs: the pass over pairs of images that metrics of these features share; None: each makes its own.
        training: the features of training images, for metrics with `needs_training`; else empty.
        reference_queries: int array of the reference images: a caption of each among the M, for metrics with
            `needs_reference_captions`; else None.
        swapped_codes: float array M x d, codes of the captions with their position word turned into its opposite, for
            metrics with `needs_swapped_captions`; else None.
        position_words: that word of each of the M captions, "" where there is none.
    """

    features: Mapping[str, np.ndarray]
    reference: Mapping[str, np.ndarray] = field(default_factory=dict)
    groups: np.ndarray | None = None
    caption_codes: np.ndarray | None = None
    queries: np.ndarray | None = None
    negatives: np.ndarray | None = None
    seed: int = 0
    statistics: GaussianStatistics | None = None
    reference_statistics: GaussianStatistics | None = None
    device: str = "cpu"
    pairs: Any = None
    training: Mapping[str, np.ndarray] = field(default_factory=dict)
    reference_queries: np.ndarray | None = None
    swapped_codes: np.ndarray | None = None
    position_words: Sequence[str] = ()


@runtime_checkable
class Metric(Protocol):
    """Features to an Estimate.

    Attributes:
        name: registered name.
        version: raised by hand whenever a change could move a number.
        title: head of the column, as in "FID".
        unit: "" or "%".
        higher_is_better: direction.
        layer: the layer it reads.
        needs_reference: whether it compares with reference images.
        caption_linked: whether it needs images that belong to captions.
        minimum_n: below this many images it refuses.

    A caption-linked metric may have `needs_negatives = False`: it then reads captions, but ranks none. One that also
    needs a reference may have `own_reference = True`: its reference are the images that the captions were written for,
    one an image, in the plan's order, and it reads no captions. One that knows
    what images of other captions would get may have `chance: float`, in its unit: the column's head says it.

    Further things that a metric may ask for, each False where it is not there: `needs_training` (features of training
    images), `needs_reference_captions` (which captions the reference images have), `needs_swapped_captions` (codes of
    captions with a position word swapped), `needs_repeats` (several images of one caption). A caption-linked one with
    `needs_caption_codes = False` is told which caption each image is of, and its extractor need not read captions.
    """

    name: str
    version: int
    title: str
    unit: str
    higher_is_better: bool
    layer: str
    needs_reference: bool
    caption_linked: bool
    minimum_n: int

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the figure. A pure function of `given`.

        Raises:
            UserError: too few images, or features that are not finite.
        """
        ...


@runtime_checkable
class PerImage(Protocol):
    """A metric that is a mean over images: two models are compared image by image, on the same captions."""

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N, in the metric's unit, whose mean is the estimate's value. Errors as `estimate`."""
        ...


@runtime_checkable
class PerSet(Protocol):
    """A metric of the whole set of images: two models are compared by leaving the same captions out of both."""

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the value, and the value without each part of the images; parts depend on groups and seed alone.

        Errors as `estimate`.
        """
        ...


@dataclass(frozen=True)
class ReportInput:
    """What a report is made from. Nothing else may enter it: no clock, no network, no path of this machine.

    Attributes:
        records: `results.ResultRecord`s, the last one written under each id, in the order first asked for. They are not
            named by type here because this module lies below `results`.
        faults: sentences about lines of the results file that could not be read.
        images: folder of the sample images that records name.
        formats: what to render, a subset of the report's formats.
        subjects: names that the user gave behind the report's, as in `report compare attngan dmgan`. Only a report that
            says how many it takes is given any.
        comparisons: what `t2ibench compare` found, as JSON values, the last one of each two rows.
    """

    records: Sequence[Any]
    faults: Sequence[str]
    images: Path
    formats: Sequence[str]
    subjects: Sequence[str] = ()
    comparisons: Sequence[Mapping[str, Any]] = ()

    @property
    def details(self) -> Path:
        """Folder of what lies behind the numbers; see workflow.details."""
        return self.images.parent / "details"


@runtime_checkable
class Report(Protocol):
    """Result records to finished files. The registered class is built without arguments.

    Attributes:
        name: registered name.
        formats: what it can render, as in ("html", "csv"); "txt", where offered, is made for a terminal.
        default_formats: what is rendered unless asked otherwise.

    A report on rows that are to be named has `subjects: tuple[str, ...]` too, a word for each, as in ("A", "B").
    """

    name: str
    formats: tuple[str, ...]
    default_formats: tuple[str, ...]

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return file name -> content, one file a format. A pure function of `given`: equal input, equal bytes.

        Raises:
            UserError: there is nothing to report; the text names the command that would change that.
        """
        ...
