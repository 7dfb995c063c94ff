"""AttnGAN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from torch import Tensor

from t2ibench.core.interfaces import BuildContext
from t2ibench.core.official import OfficialNetwork
from t2ibench.core.types import ModelCard
from t2ibench.text.damsm import DAMSM
from t2ibench_baselines._stackgan.cards import read_card
from t2ibench_baselines._stackgan.initialisation import initialise
from t2ibench_baselines._stackgan.staged_model import StagedModel
from t2ibench_baselines.attngan import convert
from t2ibench_baselines.attngan.discriminator import Discriminator
from t2ibench_baselines.attngan.generator import Generator
from t2ibench_baselines.attngan.parameters import AttnGANParameters


class AttnGAN(StagedModel):
    """AttnGAN (Xu et al., CVPR 2018): stages of doubling resolution, each of which attends to the words."""

    Parameters: ClassVar[type[AttnGANParameters]] = AttnGANParameters

    def __init__(
        self,
        parameters: AttnGANParameters,
        generator: Generator,
        discriminators: Mapping[int, Discriminator],
        encoder: DAMSM,
    ) -> None:
        super().__init__(
            parameters, generator, discriminators, encoder, attends=parameters.attention and parameters.branches > 1
        )

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper and licence."""
        return read_card(__package__ or "t2ibench_baselines.attngan")

    @classmethod
    def build(cls, parameters: AttnGANParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without discriminators, its generator's weights to be loaded."""
        p = parameters
        encoder: DAMSM = context.encoders["damsm"]
        generator = Generator(
            channels=p.generator_features,
            branches=p.branches,
            base_resolution=p.base_resolution,
            residuals=p.residual_blocks,
            latent=p.latent,
            condition=p.condition,
            text_dimension=encoder.dimension,
            attention=p.attention,
            dcgan=p.dcgan,
            official_mask=p.official_mask,
        )
        if context.purpose == "generate":
            return cls(p, generator, {}, encoder)
        discriminators = {
            resolution: Discriminator(
                resolution, p.discriminator_features, encoder.dimension, unconditional=not p.dcgan
            )
            for resolution in p.image_resolutions
        }
        for network in (generator, *discriminators.values()):
            initialise(network)
        return cls(p, generator, discriminators, encoder)

    @classmethod
    def recognise(cls, shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
        """Return which of its networks an official state dict is, None if it is none of them."""
        return convert.recognise(shapes)

    @classmethod
    def official_state(cls, network: str, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the state as it is: the official names are ours."""
        return state
