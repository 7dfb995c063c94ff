"""The smallest encoder that follows the interface: mean word vectors against mean colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import Embedding, Linear, Module
from torch.nn import functional as F
from torch.optim import SGD, Optimizer

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.plain_trainable import PlainTrainable
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import Caption, DataRequest, ModelCard, Origin, TrainBatch, Update


class StubEncoderParameters(Frozen):
    """Parameters of the stub encoder."""

    batch_size: int = Field(default=4, ge=2)
    dimension: int = Field(default=6, ge=1)
    learning_rate: float = Field(default=0.1, gt=0)


class StubEncoder(PlainTrainable):
    """Captions and images to vectors of one size. For tests."""

    Parameters: ClassVar[type[StubEncoderParameters]] = StubEncoderParameters

    def __init__(self, parameters: StubEncoderParameters, vocabulary: Sequence[str]) -> None:
        self.parameters = parameters
        self._indices = {word: index for index, word in enumerate(vocabulary)}
        self.words = Embedding(len(vocabulary), parameters.dimension)
        self.colours = Linear(3, parameters.dimension)

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper and licence."""
        return ModelCard("Stub encoder", "none", "MIT", Origin.RETRAINED)

    @classmethod
    def build(cls, parameters: StubEncoderParameters, context: BuildContext) -> Self:
        """Return the encoder, freshly initialised."""
        return cls(parameters, context.vocabulary)

    def exported(self) -> Mapping[str, Module]:
        """Return both networks."""
        return {"words": self.words, "colours": self.colours}

    def data_request(self) -> DataRequest:
        """Return small images."""
        return DataRequest((16,), self.parameters.batch_size)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return one optimiser over both networks."""
        learning = [*self.words.parameters(), *self.colours.parameters()]
        return {"encoders": SGD(learning, lr=self.parameters.learning_rate, momentum=0.5)}

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return a rate that halves every epoch."""
        return {"encoders": self.parameters.learning_rate * 0.5 ** (step // steps_per_epoch)}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield one update that pulls a caption's vector to its image's."""
        seen = self.colours(batch.images[16].mean(dim=(2, 3)))  # N x D
        loss = F.mse_loss(self.sentences(batch.captions), seen)
        yield Update("encoders", loss, {"distance": loss.detach()}, clip_norm=1.0)

    def known(self, caption: Caption) -> tuple[str, ...]:
        """Return a caption's known words.

        Raises:
            UserError: it has none.
        """
        words = tuple(word for word in caption.text.lower().split() if word in self._indices)
        if not words:
            raise UserError(f"The caption {caption.text!r} holds no word that the text encoder knows.")
        return words

    def vectors(self, words: Sequence[str]) -> Tensor:
        """Return word vectors, T x D."""
        indices = torch.tensor([self._indices[word] for word in words], device=self.words.weight.device)
        found: Tensor = self.words(indices)
        return found

    def sentences(self, captions: Sequence[Caption]) -> Tensor:
        """Return sentence vectors, N x D."""
        return torch.stack([self.vectors(self.known(caption)).mean(0) for caption in captions])
