"""What the conformance checks examine: a registered plug-in with small parameters and a small data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from t2ibench.core.interfaces import BuildContext, Trainable
from t2ibench.core.noise import Noise, SampleNoise
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.core.storage.named_tensors import state_of_networks
from t2ibench.core.types import Caption, TrainBatch
from t2ibench.data.manifest import Manifest
from t2ibench.testing.squares import Squares, with_boxes, write_parts
from t2ibench.training.engine.engine import Engine

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.data.batches.batches import TrainingData
    from t2ibench.data.batches.phased_batches import PhasedData


@dataclass(frozen=True)
class Subject:
    """A plug-in under examination.

    Attributes:
        plugin: registered name.
        folder: an empty folder that checks may write to.
        parameters: small ones, so that a check takes seconds.
        encoders: parameters of the encoders it needs, by registered name.
        kind: "model" or "encoder".
        wraps: registered name and parameters of the model that this one is made around, with the same encoders.
    """

    plugin: str
    folder: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    encoders: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    kind: Literal["model", "encoder"] = "model"
    wraps: tuple[str, Mapping[str, Any]] | None = None

    @property
    def plugin_class(self) -> Any:
        """The class behind the name."""
        return registry("models" if self.kind == "model" else "encoders")[self.plugin]

    @cached_property
    def checked(self) -> Any:
        """The parameters, validated."""
        return self.plugin_class.Parameters.model_validate(dict(self.parameters))

    @cached_property
    def manifest(self) -> Manifest:
        """Twenty-four coloured squares."""
        adapter = Squares("squares", DatasetEntry(adapter="squares", protocol="none"))
        root = self.folder / "squares"
        adapter.draw(root, {}, replace=True)
        return adapter.read(root)

    @property
    def captions(self) -> tuple[Caption, ...]:
        """Eight captions of different length, no two alike."""
        different = {caption.text: caption for caption in self.manifest.captions("train")}
        return tuple(different.values())[:8]

    def build(self, purpose: Literal["train", "generate"] = "train", seed: int = 0) -> Any:
        """Return the plug-in, initialised from `seed`; so are its encoders, which are frozen and in eval mode."""
        root = self.manifest.root

        torch.manual_seed(seed)
        encoders = {}
        for name, parameters in self.encoders.items():
            encoder_class = registry("encoders")[name]
            context = BuildContext("train", self.manifest.vocabulary, data_root=root)
            encoders[name] = encoder_class.build(encoder_class.Parameters.model_validate(dict(parameters)), context)
            for network in encoders[name].exported().values():
                network.eval().requires_grad_(False)
        words, wrapped = self.manifest.vocabulary, None
        if self.wraps is not None:
            inner = registry("models")[self.wraps[0]]
            own = inner.Parameters.model_validate(dict(self.wraps[1]))
            wrapped = inner.build(own, BuildContext("train", words, encoders, root))
        return self.plugin_class.build(self.checked, BuildContext(purpose, words, encoders, root, wrapped))

    def grown(self, seed: int = 0) -> Any:
        """Return the plug-in ready to make images: fresh, or after a step in each phase where it has several.

        A model that is trained in phases may make other images once it has reached a later one.
        """
        model = self.build(seed=seed)
        learns = isinstance(model, Trainable)  # apart, since it must not narrow the type: there is more to a plug-in
        if learns and len(model.curriculum()) > 1:
            engine = Engine(model, seed=seed, device=torch.device("cpu"))
            for step, batch in enumerate(self.batches(model)):
                engine.step(batch, step)
            for network in model.exported().values():
                network.to(memory_format=torch.contiguous_format)  # as a loaded model's, so that bits can be compared
        return model

    def data(self, model: Any) -> TrainingData | PhasedData:
        """Return the training data that a built model asks for."""
        from t2ibench.data.batches.phased_batches import training_data

        manifest = with_boxes(self.manifest) if model.data_request().boxes else self.manifest
        if model.data_request().keypoints:
            write_parts(manifest)
        return training_data(manifest, model, seed=0)

    def batch(self, model: Any) -> TrainBatch:
        """Return the first training batch, in the first phase of the model's curriculum."""
        return self.batches(model)[0]

    def batches(self, model: Any) -> list[TrainBatch]:
        """Return a training batch of each phase of the model's curriculum, in order, of steps 0, 1, ..."""
        data = self.data(model)
        return [data.batch(step, phase.name) for step, phase in enumerate(model.curriculum())]


def noise_for(captions: Sequence[Caption], seed: int = 0) -> SampleNoise:
    """Return the noise of one image a caption."""
    return Noise(seed).bind([(caption.id, 0) for caption in captions])


def state_of(model: Any) -> dict[str, Tensor]:
    """Return copies of everything the exported networks hold, buffers included."""
    return {key: value.clone() for key, value in state_of_networks(model.exported()).items()}
