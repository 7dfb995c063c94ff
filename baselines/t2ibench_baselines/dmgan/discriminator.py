"""DM-GAN's discriminators."""

from __future__ import annotations

from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines._stackgan.discriminators.spectral_normalisation import spectrally_normalised


class Discriminator(SentenceDiscriminator):
    """Discriminator of the images of one resolution: AttnGAN's, spectrally normalised instead of batch normalised.

    The two convolutions that make the logits are plain, as in the official code; the paper normalises every one.
    Scoring moves the power iterations, in evaluation too.
    """

    def __init__(self, resolution: int, width: int = 32, text_dimension: int = 256) -> None:
        super().__init__(resolution, width, text_dimension, layer=spectrally_normalised)
