"""The conditional VAEs as plug-ins: what the training loop, the sampler and the evaluator see of them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, Self

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Adam, Optimizer

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.types import Capabilities, Caption, Trace, TrainBatch, Update
from t2ibench.text.tokens import encode_captions
from t2ibench.text.vocabulary import Vocabulary
from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._stackgan.modes import evaluating
from t2ibench_baselines._variational.autoencoder import Autoencoder
from t2ibench_baselines.aligndraw import AlignDRAW
from t2ibench_baselines.aligndraw.drawer import Gaussian, kl_divergence, reconstruction
from t2ibench_baselines.aligndraw.film import shown, to_values

_ACTIVE: Final = 0.01
"""A latent number is in use where its posterior's mean has more variance than this over the images."""


class ConditionalVAE(Baseline):
    """Base of the conditional VAEs: one network, one update that raises the bound, one latent "z"."""

    Parameters: ClassVar[type[Any]]
    bound_of = staticmethod(AlignDRAW.bound_of)

    def __init__(self, parameters: Any, vocabulary: Vocabulary, autoencoder: Autoencoder) -> None:
        self.parameters = parameters
        self.vocabulary = vocabulary
        self.autoencoder = autoencoder
        self.capabilities = Capabilities(
            resolution=parameters.resolution,
            stages=(parameters.resolution,),
            uses=frozenset({"words"}),
            latents=("z",),
            bound=True,
        )

    @classmethod
    @abstractmethod
    def autoencoder_of(cls, parameters: Any, words: int) -> Autoencoder:
        """Return the network, initialised, for a vocabulary of so many words."""

    @classmethod
    def build(cls, parameters: Any, context: BuildContext) -> Self:
        """Return the model."""
        vocabulary = Vocabulary.from_words(context.vocabulary)
        return cls(parameters, vocabulary, cls.autoencoder_of(parameters, len(vocabulary)))

    def exported(self) -> Mapping[str, Module]:
        """Return the network."""
        return {"autoencoder": self.autoencoder}

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return an Adam."""
        return {"autoencoder": Adam(self.autoencoder.parameters(), self.parameters.learning_rate)}

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return the rate: constant, or along half a cosine to 0 over `decay_steps`."""
        p = self.parameters
        done = min(1.0, step / p.decay_steps) if p.decay_steps else 0.0
        return {"autoencoder": p.learning_rate * (1 + math.cos(math.pi * done)) / 2}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the one update that raises the bound."""
        values = to_values(batch.images[self.parameters.resolution], self.parameters.channels)
        entropy, divergence, posterior = self._terms(batch.captions, values, noise)
        active = (posterior.mean.detach().var(dim=0, correction=0) > _ACTIVE).float().sum()
        parts = {
            "reconstruction": entropy.mean().detach(),
            "kl_divergence": divergence.mean().detach(),
            "active": active,
        }
        yield Update("autoencoder", (entropy + divergence).mean(), parts, clip_norm=self.parameters.clip_norm)

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x resolution x resolution in [-1, 1], of N captions: the pixels' means.

        Raises:
            UserError: a caption without a known word.
        """
        with torch.no_grad(), evaluating(self.autoencoder):
            sentence = self._read(captions, noise)
            latent = self.autoencoder.prior(sentence).sample(self._latent(noise))
            return shown(self.autoencoder.draw(latent, sentence).sigmoid(), trace, self.parameters.resolution)

    def bound(self, captions: Sequence[Caption], images: Tensor, noise: BoundNoise) -> Tensor:
        """Return a draw of the lower bound on log p(image | caption) in nats, N, float32; see `HasBound`.

        E_q log p(x | z, y) - KL(q(z | x, y) || p(z | y)), pixels as alignDRAW takes them: Bernoulli means.
        """
        with torch.no_grad(), evaluating(self.autoencoder):
            entropy, divergence, _ = self._terms(captions, to_values(images, self.parameters.channels), noise)
        return -(entropy + divergence).float()

    def _terms(self, captions: Sequence[Caption], values: Tensor, noise: BoundNoise) -> tuple[Tensor, Tensor, Gaussian]:
        """Return the two terms of minus the bound, N nats each, and the posterior."""
        sentence = self._read(captions, noise)
        posterior = self.autoencoder.posterior(values, sentence)
        logits = self.autoencoder.draw(posterior.sample(self._latent(noise)), sentence)
        divergence = kl_divergence(posterior, self.autoencoder.prior(sentence))
        return reconstruction(logits, values), divergence, posterior

    def _latent(self, noise: BoundNoise) -> Tensor:
        return noise.draw("z", (self.parameters.latent,))

    def _read(self, captions: Sequence[Caption], noise: BoundNoise) -> Tensor:
        tokens = encode_captions(self.vocabulary, captions, maximum=self.parameters.words_maximum, noise=noise)
        return self.autoencoder.read(tokens.ids.to(self.autoencoder.captions.start.device), tokens.lengths)
