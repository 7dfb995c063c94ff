"""DM-GAN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Self

from t2ibench.core.interfaces import BuildContext
from t2ibench.text.damsm import DAMSM
from t2ibench_baselines._baseline import discriminators_for
from t2ibench_baselines._stackgan.initialisation import initialise
from t2ibench_baselines._stackgan.staged_model import StagedModel
from t2ibench_baselines.dmgan import convert
from t2ibench_baselines.dmgan.discriminator import Discriminator
from t2ibench_baselines.dmgan.generator import Generator
from t2ibench_baselines.dmgan.parameters import DMGANParameters


class DMGAN(StagedModel):
    """DM-GAN (Zhu et al., CVPR 2019): stages of doubling resolution, each of which reads from a memory of the words.

    The losses are AttnGAN's.
    """

    Parameters: ClassVar[type[DMGANParameters]] = DMGANParameters

    recognise = staticmethod(convert.recognise)

    @classmethod
    def build(cls, parameters: DMGANParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without discriminators, its generator's weights to be loaded."""
        p = parameters
        encoder: DAMSM = context.encoders["damsm"]
        generator = Generator(p, encoder.dimension)
        make = partial(Discriminator, width=p.discriminator_features, text_dimension=encoder.dimension)
        discriminators = discriminators_for(context, generator, p.image_resolutions, make, initialise)
        return cls(p, generator, discriminators, encoder)
