"""AttnGAN's discriminators."""

from __future__ import annotations

from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator


class Discriminator(SentenceDiscriminator):
    """Discriminator of the images of one resolution, batch normalised (AttnGAN, equation 6)."""

    def __init__(
        self, resolution: int, width: int = 64, text_dimension: int = 256, *, unconditional: bool = True
    ) -> None:
        super().__init__(resolution, width, text_dimension, unconditional=unconditional)
