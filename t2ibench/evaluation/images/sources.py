"""Where images come from: a trained model, or one of the controls that every table carries.

The evaluator sees finished uint8 images and ids. Building a source costs nothing; its model is loaded when the first
image is asked for, so that a table whose numbers are all known loads no model.
"""

from __future__ import annotations

import dataclasses
import random
import threading
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from t2ibench.core.errors import RunFailedError, UserError, unknown_name
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import HasBound, TextToImage
from t2ibench.core.machine.device import to_host
from t2ibench.core.noise import Noise, seed_of
from t2ibench.core.spec.benchmarks import GenerationOptions
from t2ibench.core.types import ImageBatch, ModelCard, Origin, PlanItem, SamplePlan, Trace
from t2ibench.evaluation.images.likelihood import bound_of, bounds_of
from t2ibench.evaluation.images.manner import Manner
from t2ibench.evaluation.images.negatives import choose_negatives
from t2ibench.evaluation.images.pixels import Quantise, resized, to_uint8
from t2ibench.models.folder import unrecorded_files

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from t2ibench.core.spec.benchmarks import ProtocolEntry
    from t2ibench.data.manifest import Manifest
    from t2ibench.features.insides import LooksInside
    from t2ibench.features.likelihood import Likelihood
    from t2ibench.models.folder import ModelFolder

AT_ONCE: Final = 10
"""Images that pass through a generator at once, always: sums may be ordered otherwise for other numbers of them."""

_AGAIN: Final = 1_000_000
"""Added to a sample's number for the second noise of a caption, which is no image's of any plan."""

_SAID: Final = 2
"""Changed parameters that a title names."""

OWN_MANNER: Final = GenerationOptions()
"""Every model makes its images its own way."""


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What a model took to be there, see `results.SourceRecord`; None where nobody knows."""

    parameters: int | None = None
    training_images: int | None = None
    training_seconds: float | None = None


NO_COST: Final = ModelCost()


class Source:
    """Base of all sources: what the evaluator ever sees of a model, a folder or a control.

    Attributes:
        name: the row's name.
        identity: digest of all that the images depend on besides the plan.
        card: title, paper, licence, origin.
        caption_linked: whether an image belongs to its caption.
        trained_on: data set learned from, "" for none.
        steps: training steps, None for none.
        variant: of the model.
        seed: of its training, None for none.
        model: name of the model in benchmarks.toml, "" for what is none.
        unlinked_reason: why no image belongs to a caption, for sources a user brought; "" for the others.
        warnings: sentences that every record of this source carries.
        together: images made together whatever is asked, for models whose images depend on their batch; None for
            all others.
        cost: what it took to make the source itself.
        settings: what it was trained with, plain values only.
        changed: those that its recipe has otherwise.
    """

    name: str
    identity: str
    card: ModelCard
    caption_linked: bool = True
    trained_on: str = ""
    steps: int | None = None
    variant: str = ""
    seed: int | None = None
    model: str = ""
    unlinked_reason: str = ""
    warnings: tuple[str, ...] = ()
    together: int | None = None
    cost: ModelCost = NO_COST
    settings: Mapping[str, str | bool | int | float] = MappingProxyType({})
    changed: tuple[str, ...] = ()

    def plan_of(self, asked: SamplePlan) -> SamplePlan:
        """Return which images this source has for a plan: all of it, but for folders, which make none to order."""
        return asked

    def images(self, plan: SamplePlan, *, batch_size: int) -> Iterator[ImageBatch]:
        """Yield the plan's images in order."""
        size = self.together or max(AT_ONCE, batch_size // AT_ONCE * AT_ONCE)
        for first in range(0, len(plan), size):
            items = plan.items[first : first + size]
            yield ImageBatch(tuple(item.id for item in items), self.pixels_of(items, plan.seed))

    def bound_of(self) -> str:
        """Return what its likelihood bound is of, as in "32 x 32 RGB"; "" for all that have none."""
        return ""

    def weighs(self) -> str:
        """Return the digest of the real images that `weigh` may look at."""
        return ""

    def weigh(self, plan: SamplePlan, judge: Likelihood) -> Mapping[str, Tensor]:
        """Return how likely it finds the real images of a plan's captions; see `features.likelihood`.

        Raises:
            UserError: it has no likelihood bound.
        """
        raise UserError(f"{self.name} has no likelihood bound.")

    def look(self, plan: SamplePlan, judge: LooksInside) -> Mapping[str, Tensor]:
        """Return what is seen while it makes a plan's images. Raises UserError: it is no model."""
        raise UserError(f"{self.name} does not show how its images come about.")

    def shown_caption(self, item: PlanItem) -> str:
        """Return the caption to print under a sample image."""
        return item.caption.text

    @abstractmethod
    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Return uint8 images, N x 3 x H x W, of some items of the plan."""


class ModelSource(Source):
    """Images of a trained model.

    Args:
        folder: the model on disk.
        device: where it computes.
        resolution: side the images are judged at; None for the model's own.
        quantise: how float images become uint8.
        name: the row's name, if not the model's own.
        data_root: folder of the data set's files, for models that read more of them than captions.
        generation: how the protocol has models make their images.
        manifest: the data set, for models that say how likely they find its images.
        cost: what the model took to be there.
        changed: parameters that its recipe has otherwise; they stand in the title.

    Raises:
        UserError: the protocol sets a parameter that belongs to the model's weights, or to a wrong value.
    """

    def __init__(
        self,
        folder: ModelFolder,
        *,
        device: str,
        resolution: int | None,
        quantise: Quantise,
        name: str = "",
        data_root: Path | None = None,
        generation: GenerationOptions = OWN_MANNER,
        manifest: Manifest | None = None,
        cost: ModelCost = NO_COST,
        changed: Collection[str] = (),
    ) -> None:
        self.name = name or folder.label
        self.cost = cost
        self._manner = Manner.of(folder, generation)
        files = unrecorded_files(folder, data_root)
        self.identity = digest_of(
            {"model": folder.identity, "noise": "keyed-noise-1", **self._manner.identity, **files}
        )
        self.together = self._manner.together
        self.settings = {
            name: value for name, value in folder.parameters.items() if isinstance(value, str | int | float)
        }
        self.changed = tuple(name for name in changed if name in self.settings)
        said = "".join(f", {name} {self.settings[name]}" for name in self.changed[:_SAID])
        more = ", ..." if len(self.changed) > _SAID else ""
        more += "".join(f", {word}" for word in self._manner.arithmetic.words)
        title, notes = f"{folder.card.title}{said}{more}", (*folder.card.notes, *self._manner.notes)
        if not folder.description.learned:
            title = f"Untrained ({folder.card.title})"
            notes = (*notes, "The network before its first step: what initial weights alone would get.")
        self.card = dataclasses.replace(folder.card, title=title, notes=notes)
        self.trained_on = folder.dataset
        self.steps = None if folder.description.imported else folder.steps
        self.seed = folder.description.seed if self.steps else None
        self.model = folder.description.name
        self.variant = folder.variant
        self.folder = folder
        self._device = device
        self._resolution = resolution
        self._quantise: Quantise = quantise
        self._data_root = data_root
        self._manifest = manifest
        self._loaded: TextToImage | None = None
        self._loading = threading.Lock()

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Return uint8 images, N x 3 x H x W; on a CPU the same to the bit in whatever batches they are asked for.

        A GPU makes all of them at once.

        Raises:
            RunFailedError: the model made an image that is not finite.
        """
        import torch

        if self.together is not None:
            return self.made(items, seed)
        parts = []
        size = AT_ONCE if self._device.startswith("cpu") else len(items)
        for start in range(0, len(items), size):
            part = items[start : start + size]
            filled = [*part, *[part[-1]] * (size - len(part))]
            parts.append(self.made(filled, seed)[: len(part)])
        return torch.cat(parts)

    def made(self, items: Sequence[PlanItem], seed: int, trace: Trace | None = None) -> Tensor:
        """Return the images of one pass through the generator, as `pixels_of`; `trace` takes what the model shows."""
        import torch

        order = self._manner.order([item.caption for item in items])
        made = self._generated([items[place] for place in order], seed, trace)
        made = made[torch.tensor(order).argsort()]  # back in the plan's order
        finite = torch.isfinite(made).flatten(1).all(dim=1)
        if not finite.all():
            example = items[int(finite.int().argmin())].caption.id
            raise RunFailedError(
                f"{self.name} made images that are not finite, for example for {example}: its training "
                f"may have diverged; train it again with a smaller learning rate ({self.folder.path})."
            )
        pixels = to_uint8(made, self._quantise)
        return to_host(pixels if self._resolution is None else resized(pixels, self._resolution))

    def inside(self, items: Sequence[PlanItem], seed: int) -> tuple[Tensor, Trace]:
        """Return (float images in [-1, 1], what the model showed while it made them), for at most AT_ONCE items.

        The images are those of `pixels_of`, except of models whose images depend on their batch.
        """
        trace, filled = Trace(), [*items, *[items[-1]] * (AT_ONCE - len(items))]
        return self._generated(filled, seed, trace).float().cpu()[: len(items)], trace

    def _generated(self, items: Sequence[PlanItem], seed: int, trace: Trace | None) -> Tensor:
        noise = self._manner.noise(Noise(seed).bind([item.id for item in items], self._device))
        return self._manner.generated(self.loaded(), [item.caption for item in items], noise, self._device, trace)

    def bound_of(self) -> str:
        """Return what its likelihood bound is of; "" for models without one."""
        found = self.folder.description
        return "" if self._manifest is None else bound_of(found.plugin, found.parameters)

    def weighs(self) -> str:
        """Return the data set's digest."""
        return "" if self._manifest is None else self._manifest.digest

    def weigh(self, plan: SamplePlan, judge: Likelihood) -> Mapping[str, Tensor]:
        """Return the model's bounds for the real images of a plan's captions. Errors as `bounds_of`."""
        model = self.loaded()
        if self._manifest is None or not isinstance(model, HasBound):
            return super().weigh(plan, judge)
        resolution = model.capabilities.resolution
        return bounds_of(model, plan, self._manifest, judge.options, resolution=resolution, device=self._device)

    def look(self, plan: SamplePlan, judge: LooksInside) -> Mapping[str, Tensor]:
        """Return layers of what looks on while the model makes a plan's images, float32 on the CPU, a row an image."""
        import torch

        parts: list[Mapping[str, Tensor]] = []
        for start in range(0, len(plan), AT_ONCE):
            items = plan.items[start : start + AT_ONCE]
            images, trace = self.inside(items, plan.seed)
            _, again = self.inside(
                [dataclasses.replace(item, sample=item.sample + _AGAIN) for item in items], plan.seed
            )
            parts.append(judge.look([item.caption for item in items], images, trace, again))
        return {layer: torch.cat([part[layer] for part in parts]) for layer in parts[0]}

    def loaded(self) -> TextToImage:
        """Return the model, loaded when it is first needed."""
        from t2ibench.models.folder import load_model

        with self._loading:
            if self._loaded is None:
                self._loaded = load_model(
                    self.folder,
                    self._device,
                    data_root=self._data_root,
                    parameters=self._manner.parameters,
                    compiled=self._manner.arithmetic.compiled,
                ).model
            return self._loaded


class RealSource(Source):
    """Real images, one for every item of the plan.

    Args:
        manifest: the data set.
        image_of: caption id and sample -> image id.
        resolution: side the images are judged at.
        name: the row's name.
        title: its display name.
        note: what the row shows.
        caption_linked: whether the image belongs to the item's caption.
    """

    def __init__(
        self,
        manifest: Manifest,
        image_of: Mapping[tuple[str, int], str],
        resolution: int,
        *,
        name: str,
        title: str,
        note: str,
        caption_linked: bool = True,
    ) -> None:
        from t2ibench.data.images import CROP, RealImages

        self.name = name
        self.caption_linked = caption_linked
        self.card = ModelCard(title, "", "that of the data set", Origin.CONTROL, notes=(note,))
        self._manifest = manifest
        self._image_of = image_of
        self._resolution = resolution
        self._real = RealImages(manifest)
        self.identity = digest_of(
            {"control": name, "manifest": manifest.digest, "images": sorted(map(list, image_of.items())), "crop": CROP}
        )

    def shown_caption(self, item: PlanItem) -> str:
        """Return the item's caption, or the image's own where it does not belong to the item's."""
        if self.caption_linked:
            return item.caption.text
        return self._manifest.by_id[self._image_of[item.id]].captions[0]

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Return uint8 images, N x 3 x H x W."""
        return self._real.load([self._image_of[item.id] for item in items], self._resolution)


class NoiseSource(Source):
    """Uniform noise: the far end of every scale."""

    def __init__(self, resolution: int) -> None:
        self.name = "noise"
        self.identity = digest_of({"control": "noise", "resolution": resolution})
        self.card = ModelCard(
            "Noise", "", "", Origin.CONTROL, notes=("Uniform noise: what a worthless model would get.",)
        )
        self._resolution = resolution

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Return uint8 images, N x 3 x H x W."""
        import torch

        rows = []
        for item in items:
            generator = torch.Generator().manual_seed(seed_of(seed, *item.id, "noise picture"))
            shape = (3, self._resolution, self._resolution)
            rows.append(torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8))
        return torch.stack(rows)


def ground_truth(manifest: Manifest, plan: SamplePlan, resolution: int) -> RealSource:
    """Return the image each caption was written for: the ceiling of R-precision."""
    return RealSource(
        manifest,
        {item.id: item.caption.image_id for item in plan.items},
        resolution,
        name="ground-truth",
        title="Ground truth",
        note="The real image that each caption was written for.",
    )


def real_of_other_split(manifest: Manifest, plan: SamplePlan, resolution: int) -> RealSource:
    """Return real images of the training split (of any other split, if it has another name).

    Raises:
        UserError: the data set has one split only.
    """
    others = [split for split in manifest.splits if split != plan.split]
    if not others:
        raise unknown_name(f"second split of {manifest.name}", "train", manifest.splits)
    split = "train" if "train" in others else others[0]
    images = [image.id for image in manifest.split(split)]
    random.Random(seed_of(plan.seed, "real of the other split", manifest.name)).shuffle(images)
    again = " Some of its images are used more than once." if len(images) < len(plan) else ""
    return RealSource(
        manifest,
        {item.id: images[index % len(images)] for index, item in enumerate(plan.items)},
        resolution,
        name=f"real-{split}",
        title=f"Real, {split} split",
        note=f"Real images of the {split} split: what a perfect model of that split would get.{again}",
        caption_linked=False,
    )


def shuffled_captions(manifest: Manifest, plan: SamplePlan, resolution: int, protocol: ProtocolEntry) -> RealSource:
    """Return real images dealt to the plan's captions at random, so that R-precision must be at chance.

    A caption gets the image of one of the k + 1 captions it is ranked among, each with the same probability: its own
    is then right 1 time in k + 1. (Images dealt from the whole split would not be at chance: a caption stands alone
    for its class among its negatives, while other classes compete with themselves.)

    Args:
        manifest: the data set.
        plan: the images asked for.
        resolution: side the images are judged at.
        protocol: which captions are ranked.

    Raises:
        UserError: as `choose_negatives`.
    """
    queries, negatives = choose_negatives(plan, manifest, protocol)
    captions = manifest.captions(plan.split)
    dealt = {}
    for row, item in enumerate(plan.items):
        drawn = random.Random(seed_of(plan.seed, "shuffled captions", *item.id)).randrange(negatives.shape[1] + 1)
        place = queries[row] if drawn == 0 else negatives[row, drawn - 1]
        dealt[item.id] = captions[int(place)].image_id
    return RealSource(
        manifest,
        dealt,
        resolution,
        name="shuffled-captions",
        title="Shuffled captions",
        note="Real images dealt to captions at random: R-precision must be at chance.",
    )


CONTROLS: Final = ("ground-truth", "real-train", "shuffled-captions", "noise", "untrained")
"""Names a protocol may list under `controls`."""
