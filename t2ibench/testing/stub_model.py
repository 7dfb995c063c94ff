"""The smallest GAN that follows the interface, with all that makes resuming hard: dropout, BatchNorm, averaging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import BatchNorm1d, BatchNorm2d, Conv2d, Dropout, Flatten, LeakyReLU, Linear, Module, Sequential
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import (
    AttentionMap,
    Capabilities,
    Caption,
    DataRequest,
    ModelCard,
    Origin,
    Phase,
    Trace,
    TrainBatch,
    Update,
)
from t2ibench.testing.stub_encoder import StubEncoder

_SIDE = 16
_GRID = 4


class StubParameters(Frozen):
    """Parameters of the stub model."""

    batch_size: int = Field(default=4, ge=1)
    features: int = Field(default=8, ge=1)
    latent: int = Field(default=5, ge=1)
    dropout: float = Field(default=0.3, ge=0, lt=1)
    ema_decay: float = Field(default=0.9, ge=0, lt=1)
    learning_rate: float = Field(default=0.01, gt=0)
    phases: int = Field(default=1, ge=1, le=2)


class StubGAN:
    """A one-layer generator and discriminator over 16-pixel images. For tests."""

    Parameters: ClassVar[type[StubParameters]] = StubParameters
    capabilities = Capabilities(
        resolution=_SIDE, stages=(_SIDE,), uses=frozenset({"sentence", "words"}), latents=("z",), attention=True
    )

    def __init__(self, parameters: StubParameters, encoder: StubEncoder) -> None:
        p = self.parameters = parameters
        self.encoder = encoder
        dimension = encoder.parameters.dimension
        self.generator = Sequential(
            Linear(p.latent + dimension, p.features),
            BatchNorm1d(p.features),
            LeakyReLU(0.2),
            Dropout(p.dropout),
            Linear(p.features, 3 * _SIDE * _SIDE),
        )
        self.discriminator = Sequential(
            Conv2d(3, p.features, 4, stride=4),
            BatchNorm2d(p.features),
            LeakyReLU(0.2),
            Flatten(),
            Linear(p.features * (_SIDE // 4) ** 2, dimension),
        )

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper and licence."""
        return ModelCard("Stub GAN", "none", "MIT", Origin.RETRAINED)

    @classmethod
    def requirements(cls, parameters: StubParameters) -> tuple[str, ...]:
        """Return the stub encoder."""
        return ("stub-encoder",)

    @classmethod
    def build(cls, parameters: StubParameters, context: BuildContext) -> Self:
        """Return the model, freshly initialised."""
        return cls(parameters, context.encoders["stub-encoder"])

    def exported(self) -> Mapping[str, Module]:
        """Return the generator and the encoder's words."""
        return {"generator": self.generator, "words": self.encoder.words}

    def networks(self) -> Mapping[str, Module]:
        """Return generator and discriminator."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return the encoder's words."""
        return {"words": self.encoder.words}

    def data_request(self) -> DataRequest:
        """Return 16-pixel images."""
        return DataRequest((_SIDE,), self.parameters.batch_size)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return an Adam each."""
        return {
            name: Adam(network.parameters(), lr=self.parameters.learning_rate, betas=(0.5, 0.999))
            for name, network in self.networks().items()
        }

    def curriculum(self) -> Sequence[Phase]:
        """Return as many phases of equal length as were asked for."""
        count = self.parameters.phases
        return tuple(Phase(f"phase {index + 1}", 1 / count) for index in range(count))

    def ema(self) -> Mapping[str, float]:
        """Return the generator's decay."""
        return {"generator": self.parameters.ema_decay}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the discriminator's update, then the generator's against the updated discriminator."""
        text = self.encoder.sentences(batch.captions)
        fake = self._draw(text, noise)
        real_score = self._score(batch.images[_SIDE], text)
        fake_score = self._score(fake.detach(), text)
        loss = F.softplus(-real_score).mean() + F.softplus(fake_score).mean()
        yield Update("discriminator", loss, {"real": real_score.detach().mean()}, clip_norm=5.0)
        yield Update("generator", F.softplus(-self._score(fake, text)).mean())

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x 16 x 16 in [-1, 1]; eval mode."""
        training = self.generator.training
        self.generator.eval()
        with torch.no_grad():
            images = self._draw(self.encoder.sentences(captions), noise)
            if trace is not None:
                trace.stages[_SIDE] = images
                trace.attention.append(self._attention(captions, images))
        self.generator.train(training)
        return images

    def _draw(self, text: Tensor, noise: BoundNoise) -> Tensor:
        latent = noise.draw("z", (self.parameters.latent,))
        pixels = self.generator(torch.cat([latent, text], dim=1))
        return torch.tanh(pixels).view(-1, 3, _SIDE, _SIDE)

    def _score(self, images: Tensor, text: Tensor) -> Tensor:
        found: Tensor = (self.discriminator(images) * (text + 1)).sum(1)
        return found

    def _attention(self, captions: Sequence[Caption], images: Tensor) -> AttentionMap:
        """Return a softmax over words of (word's mean x brightness) on a 4 x 4 grid: a stand-in, not a mechanism."""
        words = tuple(self.encoder.known(caption) for caption in captions)
        bright = F.adaptive_avg_pool2d(images.mean(1, keepdim=True), _GRID)  # N x 1 x 4 x 4
        weights = bright.new_zeros(len(captions), max(map(len, words)), _GRID, _GRID)
        for row, known in enumerate(words):
            strength = self.encoder.vectors(known).mean(1).view(-1, 1, 1) * 10
            weights[row, : len(known)] = (strength * bright[row]).softmax(0)
        return AttentionMap(_SIDE, words, weights)
