"""Networks by name in Python: a trained model, which makes images of sentences or captions, and a feature extractor."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from t2ibench.api.place import PlaceOptions, place_at
from t2ibench.core.errors import UserError, require_known
from t2ibench.core.interfaces import FeatureExtractor
from t2ibench.core.machine.arithmetic import FULL, USUAL, Arithmetic, precision_named
from t2ibench.core.spec.benchmarks import GenerationOptions
from t2ibench.core.types import Caption, ModelCard, PlanItem
from t2ibench.evaluation.images.sources import ModelSource
from t2ibench.evaluation.request.open_table import extractor_for
from t2ibench.models.find import require_drawing_model
from t2ibench.models.folder import ModelFolder
from t2ibench.sampling.sample import require_any_text, require_known_words, user_captions

_AT_ONCE = 50
"""Images held as floats at a time; changes no image on a CPU."""


class Model:
    """A trained model. Its networks are loaded when the first image is asked for.

    Attributes:
        path: its folder.
        name: with the variant, as in "attngan:attngan1".
        dataset: the data set it learned from.
        steps: of its training.
        card: title, paper, licence, origin, notes.
        parameters: everything that it was trained with.
        identity: digest of all that its images depend on besides captions, seed and arithmetic.
    """

    def __init__(self, folder: ModelFolder, device: str) -> None:
        self.path: Path = folder.path
        self.name: str = folder.label
        self.dataset: str = folder.dataset
        self.steps: int = folder.steps
        self.card: ModelCard = folder.card
        self.parameters: Mapping[str, Any] = folder.parameters
        self.identity: str = folder.identity
        self._folder = folder
        self._device = device
        self._sources: dict[Arithmetic, ModelSource] = {}

    @property
    def resolution(self) -> int:
        """Side of its images in pixels."""
        return self._source(USUAL).loaded().capabilities.resolution

    def _source(self, arithmetic: Arithmetic) -> ModelSource:
        if arithmetic not in self._sources:
            options = GenerationOptions.model_validate(dataclasses.asdict(arithmetic))
            self._sources[arithmetic] = ModelSource(
                self._folder, device=self._device, resolution=None, quantise="round", generation=options
            )
        return self._sources[arithmetic]

    def sample(
        self,
        captions: str | Sequence[str | Caption],
        *,
        samples: int = 1,
        seed: int = 0,
        precision: str = FULL,
        compiled: bool = False,
    ) -> np.ndarray:
        """Return uint8 images, N x H x W x 3, RGB: `samples` of the first caption, then those of the next.

        An image depends on its caption, its place among the images of that caption and the seed, and on nothing else.
        A caption that is given again gets its next image, so the images of `t2ibench.captions(...)` are those that an
        evaluation of that seed judges, where its protocol has the model's resolution.

        Args:
            captions: a sentence, or several; or captions of a data set.
            samples: images a caption, at least 1.
            seed: of the noise.
            precision: of its arithmetic, "32" or "bf16".
            compiled: whether torch.compile makes its kernels.

        Raises:
            UserError: a caption is empty or has no word that the model knows, or the model reads only captions of its
                data set and was given a sentence.
            RunFailedError: the model made an image that is not finite.
        """
        if samples < 1:
            raise UserError(f"samples={samples} asks for no image: ask for 1 or more.")
        source = self._source(Arithmetic(precision_named(precision), compiled))
        asked = [captions] if isinstance(captions, str) else list(captions)
        read = [one if isinstance(one, Caption) else user_captions([one])[0] for one in asked]
        typed = [caption for caption, one in zip(read, asked, strict=True) if isinstance(one, str)]
        if typed:
            require_any_text(self.name, self.dataset, source.loaded())
            require_known_words(source.loaded(), typed)
        counts: Counter[str] = Counter()
        items = []
        for caption in read:
            items += [PlanItem(caption, counts[caption.id] + index) for index in range(samples)]
            counts[caption.id] += samples
        size = source.together or _AT_ONCE
        parts = [
            source.pixels_of(items[start : start + size], seed).permute(0, 2, 3, 1).numpy()
            for start in range(0, len(items), size)
        ]
        if not parts:
            raise UserError("No caption was given: `sample` wants one or more.")
        return np.concatenate(parts)

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {self.steps:,} steps on {self.dataset})"


def load_model(name: str | Path, *, data: str | None = None, **place: Unpack[PlaceOptions]) -> Model:
    """Return a trained, imported or shipped model.

    Args:
        name: as in `t2ibench eval --models`: "attngan", "attngan:attngan1", "attngan@1f3a", or a folder.
        data: only one that learned from this data set.
        place: see `PlaceOptions`.

    Raises:
        UserError: there is none (the text names the command that would make it, or near names), it is an encoder, or
            its files are damaged.
    """
    at = place_at(**place)
    return Model(require_drawing_model(at.workspace, str(name), at.benchmarks, data), at.device_name)


def load_extractor(name: str, *, data: str = "", **place: Unpack[PlaceOptions]) -> FeatureExtractor:
    """Return a feature extractor: `.extract` takes uint8 images N x 3 x H x W and gives float32 N x d by layer.

    Args:
        name: of [features.*] in benchmarks.toml, as in "simnet" or "inception-tf".
        data: the data set, for an extractor that is a trained encoder (DAMSM).
        place: see `PlaceOptions`.

    Raises:
        UserError: the name is unknown (near names are given), or its weights are missing.
    """
    at = place_at(**place)
    require_known("feature extractor", at.benchmarks.features, name, hint="`t2ibench list features` shows them all.")
    return extractor_for(name, data, at).opened()
