"""AttnGAN's discriminators."""

from __future__ import annotations

from t2ibench_baselines._stackgan_lineage.sentence_judge import SentenceJudge


class Discriminator(SentenceJudge):
    """Judge of the pictures of one side, batch normalised (AttnGAN, equation 6)."""

    def __init__(self, side: int, width: int = 64, text_dimension: int = 256, *, unconditional: bool = True) -> None:
        super().__init__(side, width, text_dimension, unconditional=unconditional)
