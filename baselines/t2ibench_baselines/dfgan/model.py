"""DF-GAN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Adam, Optimizer

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.official import KeepsOfficialNames
from t2ibench.core.types import Capabilities, Caption, Trace, TrainBatch, Update
from t2ibench.models.wrapping import gradients_for
from t2ibench.text.damsm import DAMSM
from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines.dfgan import convert
from t2ibench_baselines.dfgan.discriminator import ConditionalPredictor, Discriminator
from t2ibench_baselines.dfgan.generator import Generator
from t2ibench_baselines.dfgan.losses import discriminator_loss, generator_loss
from t2ibench_baselines.dfgan.parameters import DFGANParameters
from t2ibench_baselines.dfgan.truncation import truncated


class DFGAN(KeepsOfficialNames, Baseline):
    """DF-GAN (Tao et al., CVPR 2022): one stage, the sentence fused into every block, no network but the GAN's own."""

    Parameters: ClassVar[type[DFGANParameters]] = DFGANParameters

    recognise = staticmethod(convert.recognise)

    official_licence: ClassVar[str] = "CC BY-NC-SA 4.0"
    """Of the official weights, which are non-commercial; this code is MIT."""

    def __init__(
        self,
        parameters: DFGANParameters,
        generator: Generator,
        discriminators: tuple[Discriminator, ConditionalPredictor] | None,
        encoder: DAMSM,
    ) -> None:
        self.parameters = parameters
        self.generator = generator
        self.discriminators = discriminators
        self.encoder = encoder
        self.capabilities = Capabilities(
            resolution=parameters.resolution,
            stages=(parameters.resolution,),
            uses=frozenset({"sentence"}),
            latents=("z",),
        )

    @classmethod
    def requirements(cls, parameters: DFGANParameters) -> tuple[str, ...]:
        """Return the encoder it reads captions with."""
        return ("damsm",)

    @classmethod
    def build(cls, parameters: DFGANParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without its discriminators, the generator's weights to be loaded."""
        p = parameters
        encoder: DAMSM = context.encoders["damsm"]
        generator = Generator(p, encoder.dimension)
        if context.purpose == "generate":
            return cls(p, generator, None, encoder)
        return cls(p, generator, (Discriminator(p), ConditionalPredictor(p, encoder.dimension)), encoder)

    def exported(self) -> Mapping[str, Module]:
        """Return the generator and the text encoder it reads captions with."""
        return {"generator": self.generator, "text_encoder": self.encoder.text_encoder}

    def networks(self) -> Mapping[str, Module]:
        """Return the generator, and in training the discriminator and the conditional predictor."""
        if self.discriminators is None:
            return {"generator": self.generator}
        discriminator, predictor = self.discriminators
        return {"generator": self.generator, "discriminator": discriminator, "predictor": predictor}

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return the text encoder."""
        return {"text_encoder": self.encoder.text_encoder}

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return an Adam for the generator and one for discriminator and predictor together ("discriminator")."""
        p = self.parameters
        betas = (p.beta1, p.beta2)
        learning = [
            parameter
            for discriminator in self.discriminators or ()
            for parameter in discriminator.parameters()
            if parameter.requires_grad
        ]
        optimizers: dict[str, Optimizer] = {
            "generator": Adam(self.generator.parameters(), lr=p.generator_learning_rate, betas=betas, fused=True)
        }
        if learning:
            optimizers["discriminator"] = Adam(learning, lr=p.discriminator_learning_rate, betas=betas, fused=True)
        return optimizers

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the joint update of discriminator and predictor, then the generator's on the same images.

        Raises:
            ValueError: the model was built for "generate".
        """
        p = self.parameters
        if self.discriminators is None:
            raise ValueError('This DF-GAN was built for "generate" and has no discriminator to learn from.')
        with torch.no_grad():
            sentence = self.encoder.encode_text(batch.captions, maximum=p.words_maximum, noise=noise).sentence
        fake: Tensor = self.generator(noise.draw("z", (p.latent,)), sentence)
        loss, parts = discriminator_loss(*self.discriminators, batch.images[p.resolution], fake, sentence, p)
        yield Update("discriminator", loss, parts)
        with frozen(self.discriminators):
            loss, parts = generator_loss(*self.discriminators, fake, sentence)
        yield Update("generator", loss, parts)

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x R x R in [-1, 1], of N captions; eval mode, noise "z" as given.

        Raises:
            UserError: a caption without a known word.
        """
        p = self.parameters
        latent = noise.draw("z", (p.latent,))
        if p.truncation is not None:
            latent = truncated(latent, p.truncation)
        with gradients_for(noise), evaluating(self.generator, self.encoder.text_encoder):
            codes = self.encoder.encode_text(captions, maximum=p.words_maximum_generation, noise=noise)
            images: Tensor = self.generator(latent, codes.sentence)
        if trace is not None:
            trace.stages[p.resolution] = images.float()
        return images.float()
