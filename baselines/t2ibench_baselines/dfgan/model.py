"""DF-GAN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn import Module, ModuleList
from torch.optim import Optimizer

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.official import KeepsOfficialNames
from t2ibench.core.types import TrainBatch, Update
from t2ibench.text.damsm import DAMSM
from t2ibench_baselines._stackgan.modes import frozen
from t2ibench_baselines._stackgan.optimisation import adam_optimizers
from t2ibench_baselines._stackgan.sentence_model import SentenceModel
from t2ibench_baselines._stackgan.sentences import sentence_codes
from t2ibench_baselines.dfgan import convert
from t2ibench_baselines.dfgan.discriminator import ConditionalPredictor, Discriminator
from t2ibench_baselines.dfgan.generator import Generator
from t2ibench_baselines.dfgan.losses import discriminator_loss, generator_loss
from t2ibench_baselines.dfgan.parameters import DFGANParameters

LIMIT = 2.0
"""The normal distribution is cut off beyond this many standard deviations, before scaling."""


class DFGAN(KeepsOfficialNames, SentenceModel):
    """DF-GAN (Tao et al., CVPR 2022): one stage, the sentence fused into every block, no network but the GAN's own."""

    Parameters: ClassVar[type[DFGANParameters]] = DFGANParameters

    recognise = staticmethod(convert.recognise)

    official_licence: ClassVar[str] = "CC BY-NC-SA 4.0"
    """Of the official weights, which are non-commercial; this code is MIT."""

    parameters: DFGANParameters
    generator: Generator

    @classmethod
    def build(cls, parameters: DFGANParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without its discriminators, the generator's weights to be loaded."""
        p = parameters
        encoder: DAMSM = context.encoders["damsm"]
        generator = Generator(p, encoder.dimension)
        if context.purpose == "generate":
            return cls(p, generator, {}, encoder)
        pair = {"discriminator": Discriminator(p), "predictor": ConditionalPredictor(p, encoder.dimension)}
        return cls(p, generator, pair, encoder)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return an Adam for the generator and one for discriminator and predictor together ("discriminator")."""
        networks: dict[str, Module] = {"generator": self.generator}
        if self.discriminators:
            networks["discriminator"] = ModuleList(self.discriminators.values())
        return adam_optimizers(networks, self.parameters)

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the joint update of discriminator and predictor, then the generator's on the same images.

        Raises:
            ValueError: the model was built for "generate".
        """
        p = self.parameters
        if not self.discriminators:
            raise ValueError('This DF-GAN was built for "generate" and has no discriminator to learn from.')
        discriminator, predictor = self.discriminators.values()
        latent = noise.draw("z", (p.latent,))
        with torch.no_grad():
            sentence = sentence_codes(self.encoder, batch.captions, noise, latent, maximum=p.words_maximum)
        fake: Tensor = self.generator(latent, sentence)
        loss, parts = discriminator_loss(discriminator, predictor, batch.images[p.resolution], fake, sentence, p)
        yield Update("discriminator", loss, parts)
        with frozen((discriminator, predictor)):
            loss, parts = generator_loss(discriminator, predictor, fake, sentence)
        yield Update("generator", loss, parts)

    def _latent(self, noise: BoundNoise) -> Tensor:
        latent, scale = super()._latent(noise), self.parameters.truncation
        return latent if scale is None else truncated(latent, scale)


def truncated(normal: Tensor, scale: float) -> Tensor:
    """Return a truncated latent of the shape of `normal`, within [-2 * scale, 2 * scale].

    Each standard normal number becomes the number of equal probability of a normal distribution truncated to [-2, 2],
    times `scale` (0.88 in the official evaluation, which redraws what falls outside): a function of the number given.
    """
    central = math.erf(LIMIT / math.sqrt(2))  # probability of [-2, 2]
    return scale * math.sqrt(2) * torch.erfinv(central * torch.erf(normal / math.sqrt(2)))
