"""alignDRAW as a plug-in: what the training loop, the sampler and the evaluator see of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Adam, Optimizer

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.types import Capabilities, Caption, Trace, TrainBatch, Update
from t2ibench.text.tokens import TokenBatch, encode_captions
from t2ibench.text.vocabulary import Vocabulary
from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._stackgan.modes import evaluating
from t2ibench_baselines.aligndraw.alignment import WordStates
from t2ibench_baselines.aligndraw.drawer import Drawer, Drawn, reconstruction
from t2ibench_baselines.aligndraw.film import Film, shown, to_values
from t2ibench_baselines.aligndraw.optimisation import RMSProp
from t2ibench_baselines.aligndraw.parameters import AlignDRAWParameters

LOWEST = 0.02
"""Share of the learning rate that is left when `decay_steps` are over."""


class AlignDRAW(Baseline):
    """alignDRAW (Mansimov et al., ICLR 2016): a recurrent variational autoencoder with attention to words.

    `SharpenedDRAW` adds the paper's sharpener to a trained one.
    """

    Parameters: ClassVar[type[AlignDRAWParameters]] = AlignDRAWParameters

    def __init__(self, parameters: AlignDRAWParameters, vocabulary: Vocabulary, drawer: Drawer) -> None:
        self.parameters = parameters
        self.vocabulary = vocabulary
        self.drawer = drawer
        self.capabilities = Capabilities(
            resolution=parameters.resolution,
            stages=(parameters.resolution,),
            uses=frozenset({"words"}),
            latents=("z_step",),
            attention=parameters.attention == "align",
            bound=True,
        )

    @staticmethod
    def bound_of(parameters: Any) -> str:
        """Return what the bound is of, as in "32 x 32 RGB"."""
        return f"{parameters.resolution} x {parameters.resolution} {'grey' if parameters.channels == 1 else 'RGB'}"

    @classmethod
    def build(cls, parameters: AlignDRAWParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" its weights are to be loaded."""
        vocabulary = Vocabulary.from_words(context.vocabulary)
        drawer = Drawer(parameters, len(vocabulary))
        drawer.initialise()
        return cls(parameters, vocabulary, drawer)

    def exported(self) -> Mapping[str, Module]:
        """Return the drawer."""
        return {"drawer": self.drawer}

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return its RMSProp or Adam."""
        p, own = self.parameters, list(self.drawer.parameters())
        return {"drawer": RMSProp(own, p.learning_rate) if p.optimizer == "rmsprop" else Adam(own, p.learning_rate)}

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return the drawer's rate: rising at first, along a cosine to a fiftieth, a tenth from `decay_epoch` on.

        The official code watches a validation set instead: for MNIST it stops after the fourth worsening, for COCO it
        divides the rate by ten at every one.
        """
        p = self.parameters
        rate = p.learning_rate * min(1.0, (step + 1) / p.warmup_steps if p.warmup_steps else 1.0)
        if p.decay_steps:
            done = min(1.0, step / p.decay_steps)
            rate *= LOWEST + (1 - LOWEST) * (1 + math.cos(math.pi * done)) / 2
        late = p.decay_epoch and step // max(steps_per_epoch, 1) >= p.decay_epoch
        return {"drawer": rate / 10 if late else rate}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the one update, which raises the bound."""
        values = to_values(batch.images[self.parameters.resolution], self.parameters.channels)
        _, drawn = self.reconstructed(batch.captions, values, noise)
        entropy, kl_divergence = reconstruction(drawn.logits, values).mean(), drawn.kl_divergence.mean()
        parts = {"reconstruction": entropy.detach(), "kl_divergence": kl_divergence.detach()}
        yield Update("drawer", entropy + kl_divergence, parts, clip_norm=self.parameters.clip_norm, clip_each=True)

    def reconstructed(self, captions: Sequence[Caption], values: Tensor, noise: BoundNoise) -> tuple[WordStates, Drawn]:
        """Return the states of the captions' words, and drawings whose latents are inferred from images.

        Args:
            captions: N of them.
            values: N x C x H x W in [0, 1].
            noise: "z_step" as given.
        """
        words, _ = self.read(captions, noise)
        return words, self.drawer(words, self._latents(noise), values)

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x resolution x resolution in [-1, 1], of N captions; noise "z_step" as given.

        The trace gets the steps of the drawing.

        Raises:
            UserError: a caption without a known word.
        """
        with torch.no_grad(), evaluating(self.drawer):
            words, tokens = self.read(captions, noise)
            latents = self._latents(noise)
            if trace is None:
                drawn = self.drawer(words, latents)
            else:
                film = Film(self.drawer.canvas.detach().expand(len(captions), -1, -1, -1), tokens.words)
                drawn = self.drawer(words, latents, watch=film.watch)
                trace.drawing = film.drawing(aligned=self.capabilities.attention)
                if self.capabilities.attention:
                    trace.attention.append(film.attention())
            values = drawn.logits.sigmoid()
        return shown(values, trace, self.parameters.resolution)

    def bound(self, captions: Sequence[Caption], images: Tensor, noise: BoundNoise) -> Tensor:
        """Return a draw of the lower bound on log p(image | caption) in nats, N, float32; see `HasBound`.

        Each value of a pixel is a Bernoulli mean, as published: for values between 0 and 1 that is no density, and the
        bound stays below minus their entropy.
        """
        values = to_values(images, self.parameters.channels)
        with torch.no_grad(), evaluating(self.drawer):
            _, drawn = self.reconstructed(captions, values, noise)
            bounds: Tensor = -(reconstruction(drawn.logits, values) + drawn.kl_divergence)
        return bounds.float()

    def _latents(self, noise: BoundNoise) -> Tensor:
        return noise.draw("z_step", (self.parameters.steps, self.parameters.latent))

    def read(self, captions: Sequence[Caption], noise: BoundNoise) -> tuple[WordStates, TokenBatch]:
        """Return the states of the captions' words, and the words."""
        tokens = encode_captions(self.vocabulary, captions, maximum=self.parameters.words_maximum, noise=noise)
        return self.drawer.read_captions(tokens.ids.to(self.drawer.canvas.device), tokens.lengths), tokens
