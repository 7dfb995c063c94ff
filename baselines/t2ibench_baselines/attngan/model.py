"""AttnGAN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Self

from t2ibench.core.interfaces import BuildContext
from t2ibench.text.damsm import DAMSM
from t2ibench_baselines._baseline import discriminators_for
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines._stackgan.initialisation import initialise
from t2ibench_baselines._stackgan.staged_model import StagedModel
from t2ibench_baselines.attngan import convert
from t2ibench_baselines.attngan.generator import Generator
from t2ibench_baselines.attngan.parameters import AttnGANParameters


class AttnGAN(StagedModel):
    """AttnGAN (Xu et al., CVPR 2018): stages of doubling resolution, each of which attends to the words."""

    Parameters: ClassVar[type[AttnGANParameters]] = AttnGANParameters

    recognise = staticmethod(convert.recognise)

    @classmethod
    def build(cls, parameters: AttnGANParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without discriminators, its generator's weights to be loaded."""
        p = parameters
        encoder: DAMSM = context.encoders["damsm"]
        generator = Generator(p, encoder.dimension)
        make = partial(
            SentenceDiscriminator,
            width=p.discriminator_features,
            text_dimension=encoder.dimension,
            unconditional=not p.dcgan,
        )
        discriminators = discriminators_for(context, generator, p.image_resolutions, make, initialise)
        return cls(p, generator, discriminators, encoder)
