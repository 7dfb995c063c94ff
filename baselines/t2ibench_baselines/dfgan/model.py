"""DF-GAN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Adam, Optimizer

from t2ibench.interfaces import BoundNoise, BuildContext, OfficialNetwork
from t2ibench.text.damsm import DAMSM
from t2ibench.types import Capabilities, Caption, DataRequest, ModelCard, Phase, Trace, TrainBatch, Update
from t2ibench.wrapping import gradients_for
from t2ibench_baselines._stackgan_lineage.cards import read_card
from t2ibench_baselines._stackgan_lineage.modes import evaluating, frozen
from t2ibench_baselines.dfgan import convert
from t2ibench_baselines.dfgan.discriminator import ConditionalPredictor, Discriminator
from t2ibench_baselines.dfgan.generator import Generator
from t2ibench_baselines.dfgan.losses import discriminator_loss, generator_loss
from t2ibench_baselines.dfgan.parameters import DFGANParameters
from t2ibench_baselines.dfgan.truncation import truncated


class DFGAN:
    """DF-GAN (Tao et al., CVPR 2022): one stage, the sentence fused into every block, no network but the GAN's own."""

    Parameters: ClassVar[type[DFGANParameters]] = DFGANParameters

    official_licence: ClassVar[str] = "CC BY-NC-SA 4.0"
    """Of the official weights, which are non-commercial; this code is MIT."""

    def __init__(
        self,
        parameters: DFGANParameters,
        generator: Generator,
        judges: tuple[Discriminator, ConditionalPredictor] | None,
        encoder: DAMSM,
    ) -> None:
        self.parameters = parameters
        self.generator = generator
        self.judges = judges
        self.encoder = encoder
        self.capabilities = Capabilities(
            resolution=parameters.side,
            stages=(parameters.side,),
            uses=frozenset({"sentence"}),
            latents=("z",),
        )

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper and licence."""
        return read_card(__package__ or "t2ibench_baselines.dfgan")

    @classmethod
    def requirements(cls, parameters: DFGANParameters) -> tuple[str, ...]:
        """Return the encoder it reads captions with."""
        return ("damsm",)

    @classmethod
    def build(cls, parameters: DFGANParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without its judges, the generator's weights to be loaded."""
        p = parameters
        encoder: DAMSM = context.encoders["damsm"]
        generator = Generator(side=p.side, features=p.features, latent=p.latent, text_dimension=encoder.dimension)
        if context.purpose == "generate":
            return cls(p, generator, None, encoder)
        judges = (
            Discriminator(p.side, p.features),
            ConditionalPredictor(p.side, p.features, encoder.dimension),
        )
        return cls(p, generator, judges, encoder)

    @classmethod
    def recognise(cls, shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
        """Return which of its networks an official state dict is; None if it is none of them."""
        return convert.recognise(shapes)

    @classmethod
    def official_state(cls, network: str, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the state as it is: the names agree."""
        return state

    def exported(self) -> Mapping[str, Module]:
        """Return the generator and the text encoder it reads captions with."""
        return {"generator": self.generator, "text_encoder": self.encoder.text_encoder}

    def networks(self) -> Mapping[str, Module]:
        """Return the generator, and in training the discriminator and the conditional predictor."""
        if self.judges is None:
            return {"generator": self.generator}
        discriminator, predictor = self.judges
        return {"generator": self.generator, "discriminator": discriminator, "predictor": predictor}

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return the text encoder."""
        return {"text_encoder": self.encoder.text_encoder}

    def data_request(self) -> DataRequest:
        """Return pictures of one side."""
        return DataRequest(resolutions=(self.parameters.side,), batch_size=self.parameters.batch_size)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return an Adam for the generator and one for discriminator and predictor together ("discriminator")."""
        p = self.parameters
        betas = (p.beta1, p.beta2)
        learning = [
            parameter for judge in self.judges or () for parameter in judge.parameters() if parameter.requires_grad
        ]
        optimizers: dict[str, Optimizer] = {
            "generator": Adam(self.generator.parameters(), lr=p.generator_learning_rate, betas=betas, fused=True)
        }
        if learning:
            optimizers["discriminator"] = Adam(learning, lr=p.discriminator_learning_rate, betas=betas, fused=True)
        return optimizers

    def curriculum(self) -> Sequence[Phase]:
        """Return one phase."""
        return (Phase(),)

    def averaging(self) -> Mapping[str, float]:
        """Return nothing, unless a moving average of the generator is asked for."""
        return {"generator": self.parameters.averaging} if self.parameters.averaging else {}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the joint update of discriminator and predictor, then the generator's on the same pictures.

        Raises:
            ValueError: the model was built for "generate".
        """
        p = self.parameters
        if self.judges is None:
            raise ValueError('This DF-GAN was built for "generate" and has no discriminator to learn from.')
        with torch.no_grad():
            sentence = self.encoder.encode_text(batch.captions, maximum=p.words_maximum, noise=noise).sentence
        fake: Tensor = self.generator(noise.draw("z", (p.latent,)), sentence)
        loss, parts = discriminator_loss(
            *self.judges,
            batch.images[p.side],
            fake,
            sentence,
            penalty_weight=p.penalty_weight,
            penalty_power=p.penalty_power,
        )
        yield Update("discriminator", loss, parts)
        with frozen(self.judges):
            loss, parts = generator_loss(*self.judges, fake, sentence)
        yield Update("generator", loss, parts)

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 pictures, N x 3 x side x side in [-1, 1], of N captions; eval mode, noise "z" as given.

        Raises:
            UserError: a caption without a known word.
        """
        p = self.parameters
        latent = noise.draw("z", (p.latent,))
        if p.truncation is not None:
            latent = truncated(latent, p.truncation)
        with gradients_for(noise), evaluating(self.generator, self.encoder.text_encoder):
            codes = self.encoder.encode_text(captions, maximum=p.words_maximum_generation, noise=noise)
            pictures: Tensor = self.generator(latent, codes.sentence)
        if trace is not None:
            trace.stages[p.side] = pictures.float()
        return pictures.float()
