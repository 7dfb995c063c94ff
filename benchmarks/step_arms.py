"""The two arms of `train_step.py`: one model with random weights, trained by the engine and by the reference step."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from phase_clock import PhaseClock
from reference_step.step import ReferenceStep
from torch import Tensor, nn

from t2ibench.core.interfaces import BuildContext
from t2ibench.core.noise import Noise
from t2ibench.core.registry import registry
from t2ibench.core.types import Caption, TrainBatch, Update
from t2ibench.text.damsm import DAMSM, DAMSMParameters
from t2ibench.text.tokens import encode_captions
from t2ibench.text.vocabulary import Vocabulary
from t2ibench.training.engine.engine import Engine

Now = Callable[[], float]
SEED = 0
TEACHER = "of which DAMSM's image encoder"
CONFIGURATIONS: dict[str, dict[str, dict[str, Any]]] = {
    "attngan": {
        "bird": {},
        "coco": {
            "generator_features": 48,
            "discriminator_features": 96,
            "residual_blocks": 3,
            "damsm_weight": 50.0,
            "words_maximum": 12,
        },
    },
    "dmgan": {"bird": {}, "coco": {"residual_blocks": 3, "damsm_weight": 50.0, "words_maximum": 12}},
}
"""Model and configuration -> what differs from the plug-in's defaults, which are the papers' for birds."""
SMALL: dict[str, Any] = {"base_resolution": 16, "generator_features": 8, "discriminator_features": 8}
_SENTENCES = (
    "a small red bird with a black head and a very short pointed orange bill",
    "this bird is blue",
    "the green bird has long wings and a white belly with brown spots",
    "a bird with yellow feet",
)


def new_model(name: str, configuration: str, *, small: bool, batch_size: int) -> Any:
    """Return the plug-in with random weights; the image encoder's features are of a natural size."""
    torch.manual_seed(SEED)
    vocabulary = Vocabulary.from_captions(_SENTENCES)
    sizes = {"resolution": 75, "embedding": 32, "word_embedding": 16} if small else {}
    chosen = DAMSMParameters.model_validate({"trunk": "inception_v3", "train_trunk": True, **sizes})
    encoder = DAMSM.build(chosen, BuildContext("train", vocabulary.words))
    _calibrate(encoder.image_encoder, chosen.resolution)
    for network in encoder.exported().values():
        network.eval().requires_grad_(False)
    plugin = registry("models")[name]
    given = CONFIGURATIONS[name][configuration] | (SMALL if small else {}) | {"batch_size": batch_size}
    context = BuildContext("train", vocabulary.words, {"damsm": encoder})
    return plugin.build(plugin.Parameters.model_validate(given), context)


def _calibrate(encoder: nn.Module, resolution: int) -> None:
    """Measure the batch norms' statistics on noise: with those of a new network, features would vanish."""
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean over all batches: of the one that follows
    with torch.no_grad():
        encoder.train()(torch.randn(4, 3, resolution, resolution))
    for module in encoder.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1


def new_batch(model: Any, step: int, size: int) -> TrainBatch:
    """Return a batch of random images, made from bytes as a loader would."""
    generator = torch.Generator().manual_seed(step)
    images = {
        resolution: torch.randint(0, 256, (size, 3, resolution, resolution), generator=generator, dtype=torch.uint8)
        / 127.5
        - 1
        for resolution in model.data_request().resolutions
    }
    captions = tuple(Caption(str(row), _SENTENCES[row % len(_SENTENCES)], str(row)) for row in range(size))
    return TrainBatch(step, "train", captions, images, torch.arange(size))


class OurArm:
    """The plug-in under the engine."""

    def __init__(self, model: Any, now: Now = time.perf_counter, *, compiled: bool = False) -> None:
        self.clock = PhaseClock(now)
        self._losses: dict[str, float] = {}
        self._updates = model.updates
        model.updates = self._watched
        model.generator.register_forward_hook(lambda *_: self.clock.mark("generate"))
        self._networks: dict[str, nn.Module] = dict(model.networks())
        self._optimizers = optimizers = dict(model.optimizers())
        model.optimizers = lambda: optimizers
        self._engine = Engine(model, seed=SEED, device=torch.device("cpu"), compiled=compiled)
        self.clock.watch(model.frozen_networks()["image_encoder"], TEACHER)

    def _watched(self, batch: TrainBatch, noise: Any) -> Iterator[Update]:
        for update in self._updates(batch, noise):
            self._losses[update.optimizer] = float(update.loss.detach())
            yield update
            if update.optimizer != "generator":
                self.clock.mark(update.optimizer)

    def take_over(self, reference: ReferenceArm) -> None:
        """Go on from the reference's weights, buffers and Adam's moments."""
        with torch.no_grad():
            for name, network in reference.networks().items():
                own = self._networks[name]
                values, states = dict(own.named_parameters()), reference.moments(name)
                for key, parameter in network.named_parameters():
                    values[key].copy_(parameter)
                    for moment, value in states.get(parameter, {}).items():
                        self._optimizers[name].state[values[key]][moment].copy_(value)
                buffers = dict(own.named_buffers())
                for key, buffer in network.named_buffers():
                    buffers[key].copy_(buffer)

    def step(self, batch: TrainBatch) -> dict[str, float]:
        """Train on a batch and return the losses by optimiser."""
        self._losses = {}
        self.clock.begin()
        self._engine.step(batch, batch.step)
        self.clock.mark("generator")
        return self._losses


class ReferenceArm:
    """The same weights under the reference step."""

    def __init__(self, model: Any, now: Now = time.perf_counter) -> None:
        self.clock = PhaseClock(now)
        memory = type(model).__name__ == "DMGAN"
        self._step = ReferenceStep(model, memory=memory, clock=self.clock.phase)
        self.clock.watch(self._step.image_encoder, TEACHER)
        self._noise = Noise(SEED)

    def networks(self) -> dict[str, nn.Module]:
        """Return the networks in training, by their optimisers' names."""
        judges = {f"discriminator/{resolution}": judge for resolution, judge in self._step.discriminators.items()}
        return {"generator": self._step.generator, **judges}

    def moments(self, name: str) -> Mapping[Any, dict[str, Tensor]]:
        """Return what Adam knows of each parameter of a network."""
        if name == "generator":
            return self._step.generator_adam.state
        return self._step.discriminator_adams[int(name.split("/")[1])].state

    def relaid(self) -> ReferenceArm:
        """Return the arm with its weights in another memory layout: the same arithmetic, rounded differently."""
        step = self._step
        for network in (step.generator, *step.discriminators.values(), step.image_encoder):
            network.to(memory_format=torch.channels_last)
        return self

    def step(self, batch: TrainBatch) -> dict[str, float]:
        """Train on a batch and return the losses by optimiser."""
        self.clock.begin()
        p = self._step.parameters
        noise = self._noise.bind_step(batch.step, len(batch.captions))
        tokens = encode_captions(self._step.vocabulary, batch.captions, maximum=p.words_maximum, noise=noise)
        z, augmentation = noise.draw("z", (p.latent,)), noise.draw("ca", (p.condition,))
        return self._step.step(batch.images, tokens.ids, tokens.lengths, batch.class_ids, z, augmentation)


ARMS = {"reference": ReferenceArm, "ours": OurArm}


def both_arms(
    name: str, configuration: str, now: Now, *, small: bool, batch_size: int, compiled: bool
) -> tuple[dict[str, Any], Any]:
    """Return the arms, on equal weights, and the model that ours trains."""
    model = new_model(name, configuration, small=small, batch_size=batch_size)
    arms = {"reference": ReferenceArm(model, now), "ours": OurArm(model, now, compiled=compiled)}
    gc.collect()
    return arms, model
