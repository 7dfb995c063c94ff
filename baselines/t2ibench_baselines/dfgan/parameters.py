"""Parameters of DF-GAN."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from t2ibench.core.spec.frozen import Frozen


class DFGANParameters(Frozen):
    """Everything that can change a DF-GAN. The defaults are the official ones, for CUB and COCO alike.

    Attributes:
        resolution: of the images.
        features: channels at full resolution; they double with every halving of the resolution, up to 8 times as many.
        latent: size of z.
        batch_size: captions a batch.
        generator_learning_rate: of the generator's Adam.
        discriminator_learning_rate: of the one Adam of discriminator and predictor.
        beta1: of both Adams.
        beta2: of both Adams.
        ema_decay: decay of an EMA of the generator's parameters; 0 for none, as in the paper.
        penalty_weight: k of the matching-aware gradient penalty; 0 for none.
        penalty_power: p of the penalty.
        truncation: images are made of a normal z truncated to [-2, 2] and multiplied by this; None leaves z as drawn.
            The official evaluation has 0.88; training always has z as drawn.
        words_maximum: longer captions are thinned to this many words in training.
        words_maximum_generation: the same when images are made; None keeps all words.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset({"truncation", "words_maximum_generation"})
    text: ClassVar[str] = "damsm"

    resolution: Literal[16, 32, 64, 128, 256] = 256
    features: int = Field(default=32, ge=2)
    latent: int = Field(default=100, ge=1)
    batch_size: int = Field(default=32, ge=2)
    generator_learning_rate: float = Field(default=1e-4, gt=0)
    discriminator_learning_rate: float = Field(default=4e-4, gt=0)
    beta1: float = Field(default=0.0, ge=0, lt=1)
    beta2: float = Field(default=0.9, ge=0, lt=1)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    penalty_weight: float = Field(default=2.0, ge=0)
    penalty_power: float = Field(default=6.0, ge=2)
    truncation: float | None = Field(default=None, gt=0, le=1)
    words_maximum: int = Field(default=18, ge=1)
    words_maximum_generation: int | None = Field(default=None, ge=1)
