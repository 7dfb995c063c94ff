"""Parameters of the conditional LAPGAN."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from t2ibench.core.spec.frozen import Frozen
from t2ibench_baselines._sentence_vectors import VectorSource


class LAPGANParameters(Frozen):
    """The defaults are our configuration for COCO at 32 pixels: 8 > 16 > 32.

    Attributes:
        batch_size: captions a batch; a discriminator sees as many real and as many made images.
        resolution: of the finished images in pixels.
        levels: of the pyramid; every level halves the side.
        channels: 3, or 1 for grey images (colours are averaged).
        text: where sentence vectors come from: "hashed" words, or "skip-thoughts" from a file.
        latent: numbers of the first level's noise; later ones have a plane.
        first_features: hidden units of the first level's generator.
        first_discriminator_features: hidden units of its discriminator.
        text_features: numbers that the first level makes of a sentence vector; later ones make a plane.
        generator_features: channels of the later levels' generators.
        discriminator_features: channels of their discriminators.
        dropout: of the discriminators.
        pixel_mean: of the values in [0, 1], taken off before the pyramid.
        pixel_deviation: of the values; they are divided by it.
        learning_rate: of all networks (Adam).
        beta1: of Adam.
        ema_decay: of the generators' moving averages; 0 for none, as published.
        mismatch_weight: of real images with another's sentence among what discriminators call fake; 0 for none, as
            published.
        r1_weight: weight of half the squared gradient of the scores in the real images; 0 for none, as published.
        r1_every: it is computed every so many steps, its weight multiplied by as much.
    """

    batch_size: int = Field(default=64, ge=2)
    resolution: int = Field(default=32, ge=8)
    levels: int = Field(default=3, ge=1)
    channels: Literal[1, 3] = 3
    text: VectorSource = "hashed"
    latent: int = Field(default=100, ge=1)
    first_features: int = Field(default=1200, ge=1)
    first_discriminator_features: int = Field(default=600, ge=1)
    text_features: int = Field(default=128, ge=1)
    generator_features: int = Field(default=128, ge=1)
    discriminator_features: int = Field(default=64, ge=1)
    dropout: float = Field(default=0.5, ge=0, lt=1)
    pixel_mean: float = 0.5
    pixel_deviation: float = Field(default=0.25, gt=0)
    learning_rate: float = Field(default=2e-4, gt=0)
    beta1: float = Field(default=0.5, ge=0, lt=1)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    mismatch_weight: float = Field(default=0.0, ge=0)
    r1_weight: float = Field(default=0.0, ge=0)
    r1_every: int = Field(default=1, ge=1)

    @property
    def sides(self) -> tuple[int, ...]:
        """Sides of the levels in pixels, ascending."""
        return tuple(self.resolution >> level for level in reversed(range(self.levels)))

    @model_validator(mode="after")
    def _sides_are_whole(self) -> Self:
        if self.resolution % 2 ** (self.levels - 1) or (self.levels > 1 and self.sides[1] < 13):
            raise ValueError(
                f"a pyramid of {self.levels} levels needs a resolution that can be halved {self.levels - 1} times, and "
                f"13 pixels or more at its second level; found {self.resolution}"
            )
        return self
