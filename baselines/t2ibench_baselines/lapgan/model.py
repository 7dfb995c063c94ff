"""LAPGAN as a plug-in: what the training loop, the sampler and the evaluator see of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.types import Capabilities, Caption, Trace, TrainBatch, Update
from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._sentence_vectors import VECTOR_ENCODERS, VectorEncoder
from t2ibench_baselines._stackgan.discriminators.adversarial import gradient_penalty
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines.aligndraw.film import shown, to_values
from t2ibench_baselines.lapgan.networks import DetailDiscriminator, DetailGenerator, FirstDiscriminator, FirstGenerator
from t2ibench_baselines.lapgan.parameters import LAPGANParameters
from t2ibench_baselines.lapgan.pyramid import enlarged, pyramid


class LAPGAN(Baseline):
    """Conditional LAPGAN (Denton et al., NIPS 2015) on sentence vectors, as the talk about alignDRAW compares with.

    Each level is a GAN of its own: it learns on real coarse images, and only sampling chains the levels. It has no
    likelihood. Sizes of the talk's LAPGAN were not published: the levels are those of the official code for classes,
    with the sentence vector in the place of the class.
    """

    Parameters: ClassVar[type[LAPGANParameters]] = LAPGANParameters

    def __init__(
        self,
        parameters: LAPGANParameters,
        encoder: VectorEncoder,
        generators: Mapping[int, FirstGenerator | DetailGenerator],
        discriminators: Mapping[int, FirstDiscriminator | DetailDiscriminator],
    ) -> None:
        self.parameters = parameters
        self.sentence_encoder = encoder
        self.generators = dict(generators)
        self.discriminators = dict(discriminators)
        self.capabilities = Capabilities(
            resolution=parameters.resolution,
            stages=parameters.sides,
            uses=frozenset({"sentence"}),
            latents=tuple(f"z_{side}" for side in parameters.sides),
            any_text=parameters.text == "hashed",
        )

    @classmethod
    def requirements(cls, parameters: LAPGANParameters) -> tuple[str, ...]:
        """Return the encoder of sentences."""
        return (VECTOR_ENCODERS[parameters.text],)

    @classmethod
    def build(cls, parameters: LAPGANParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without discriminators."""
        p = parameters
        encoder: VectorEncoder = context.encoders[VECTOR_ENCODERS[p.text]]
        sentence, (first, *later) = encoder.dimension, p.sides
        generators: dict[int, FirstGenerator | DetailGenerator] = {first: FirstGenerator(p, sentence)}
        generators |= {side: DetailGenerator(p, sentence, side) for side in later}
        discriminators: dict[int, FirstDiscriminator | DetailDiscriminator] = {}
        if context.purpose == "train":
            discriminators[first] = FirstDiscriminator(p, sentence)
            discriminators |= {side: DetailDiscriminator(p, sentence, side) for side in later}
        return cls(p, encoder, generators, discriminators)

    def exported(self) -> Mapping[str, Module]:
        """Return the levels' generators."""
        return {f"generator/{side}": network for side, network in self.generators.items()}

    def networks(self) -> Mapping[str, Module]:
        """Return the levels' generators and, in training, discriminators."""
        judges = {f"discriminator/{side}": network for side, network in self.discriminators.items()}
        return {**self.exported(), **judges}

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return one Adam a network."""
        p = self.parameters
        return {
            name: Adam(network.parameters(), p.learning_rate, betas=(p.beta1, 0.999))
            for name, network in self.networks().items()
        }

    def ema(self) -> Mapping[str, float]:
        """Return nothing, unless moving averages of the generators are asked for."""
        return dict.fromkeys(self.exported(), self.parameters.ema_decay) if self.parameters.ema_decay else {}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield, level by level, the discriminator's update, then the generator's with fresh noise."""
        p = self.parameters
        values = to_values(batch.images[p.resolution], p.channels)
        sentence = self._sentences(batch.captions, values)
        for side, (real, coarse) in zip(p.sides, pyramid(self._standardised(values), p.levels), strict=True):
            discriminator = self.discriminators[side]
            with torch.no_grad():
                made = self._level(side, sentence, coarse, noise, " for the discriminator")
            yield self._judged(side, real, made, sentence, batch.step)
            with frozen([discriminator]):
                made = self._level(side, sentence, coarse, noise, " for the generator")
                loss = F.softplus(-discriminator(made, sentence)).mean()
            yield Update(f"generator/{side}", loss)

    def _judged(self, side: int, real: Tensor, made: Tensor, sentence: Tensor, step: int) -> Update:
        """Return a discriminator's update: real images against made ones and, where asked for, mismatched sentences."""
        p, discriminator = self.parameters, self.discriminators[side]
        penalised = p.r1_weight > 0 and step % p.r1_every == 0
        real = real.detach().requires_grad_(penalised)
        right, wrong = discriminator(real, sentence), discriminator(made, sentence)
        parts = {"real": right.mean().detach(), "fake": wrong.mean().detach()}
        fake_loss = F.softplus(wrong).mean()
        if p.mismatch_weight:  # every real image with the sentence of the next one
            mismatched = discriminator(real, sentence.roll(-1, 0))
            fake_loss = (fake_loss + p.mismatch_weight * F.softplus(mismatched).mean()) / (1 + p.mismatch_weight)
        loss = F.softplus(-right).mean() + fake_loss
        if penalised:
            loss = loss + p.r1_weight * p.r1_every * gradient_penalty(right, real)
        return Update(f"discriminator/{side}", loss, parts)

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x resolution x resolution in [-1, 1], of N captions; stages are the levels.

        Raises:
            UserError: a caption that has no sentence vector in a file of them.
        """
        p = self.parameters
        images: Tensor | None = None
        with torch.no_grad(), evaluating(*self.exported().values()):
            sentence = self._sentences(captions, next(self.generators[p.sides[0]].parameters()))
            for side in p.sides:
                coarse = None if images is None else enlarged(images)
                images = self._level(side, sentence, coarse, noise)
                values = images * p.pixel_deviation + p.pixel_mean
                finished = shown(values.clamp(0, 1), trace, side)
        return finished

    def _level(self, side: int, sentence: Tensor, coarse: Tensor | None, noise: BoundNoise, use: str = "") -> Tensor:
        """Return standardised images of a level, made of the coarse ones where there are any."""
        generator = self.generators[side]
        shape = (self.parameters.latent,) if coarse is None else (1, side, side)
        uniform = torch.erf(noise.draw(f"z_{side}{use}", shape) / math.sqrt(2))  # normal to uniform in [-1, 1]
        made: Tensor = generator(uniform, sentence) if coarse is None else coarse + generator(uniform, sentence, coarse)
        return made

    def _standardised(self, values: Tensor) -> Tensor:
        return (values - self.parameters.pixel_mean) / self.parameters.pixel_deviation

    def _sentences(self, captions: Sequence[Caption], like: Tensor) -> Tensor:
        return self.sentence_encoder.sentences(captions).to(like)
