"""Parameters of GAN-INT-CLS."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from t2ibench_baselines._reed.parameters import ReedParameters


class GANINTCLSParameters(ReedParameters):
    """Everything that can change a GAN-INT-CLS, besides what is shared. The defaults are official, for CUB.

    Attributes:
        batch_size: captions a batch.
        resolution: of the images.
        generator_features: channels of the generator's last layer but one; 8 times as many at side 4 (of 64 pixels).
        discriminator_features: channels of the discriminator's first layer; 8 times as many at side 4.
        text_features: what either network makes of a sentence code.
        interpolation_weight: INT: weight of sentences in between in the generator's loss; 0 for none.
        script: the official discriminators of the scripts with ("int") and without ("cls") interpolation differ in a
            normalisation and an activation.
    """

    batch_size: int = Field(default=64, ge=2)
    resolution: Literal[16, 32, 64] = 64
    generator_features: int = Field(default=128, ge=4)
    discriminator_features: int = Field(default=64, ge=2)
    text_features: int = Field(default=128, ge=1)
    interpolation_weight: float = Field(default=1.0, ge=0)
    script: Literal["int", "cls"] = "int"
