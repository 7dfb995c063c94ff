"""Parameters of GAN-INT-CLS."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters
from t2ibench_baselines._stackgan.sentences import SentenceSource


class GANINTCLSParameters(AdversarialParameters):
    """Everything that can change a GAN-INT-CLS, besides the game's parameters. The defaults are official, for CUB.

    Attributes:
        batch_size: captions a batch.
        ema_decay: decay of an EMA of the generator's parameters; 0 for none, as in the paper.
        resolution: of the images.
        generator_features: channels of the generator's last layer but one; 8 times as many at side 4 (of 64 pixels).
        discriminator_features: channels of the discriminator's first layer; 8 times as many at side 4.
        latent: size of z.
        text_features: what either network makes of a sentence code.
        text: where sentence codes come from: "damsm", or "char-cnn-rnn" of the paper, from files.
        mismatch_weight: CLS: share of wrong images among what the discriminator is to refuse; 0 for none.
        interpolation_weight: INT: weight of sentences in between in the generator's loss; 0 for none.
        script: the official discriminators of the scripts with ("int") and without ("cls") interpolation differ in a
            normalisation and an activation.
        halving_epochs: learning rates are halved every so many epochs; 0 leaves them as they are.
        words_maximum: longer captions are thinned to this many words in training (DAMSM only).
        words_maximum_generation: the same when images are made; None keeps all words.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset({"words_maximum_generation"})

    batch_size: int = Field(default=64, ge=2)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    resolution: Literal[16, 32, 64] = 64
    generator_features: int = Field(default=128, ge=4)
    discriminator_features: int = Field(default=64, ge=2)
    latent: int = Field(default=100, ge=1)
    text_features: int = Field(default=128, ge=1)
    text: SentenceSource = "damsm"
    mismatch_weight: float = Field(default=0.5, ge=0, le=1)
    interpolation_weight: float = Field(default=1.0, ge=0)
    script: Literal["int", "cls"] = "int"
    halving_epochs: int = Field(default=100, ge=0)
    words_maximum: int = Field(default=18, ge=1)
    words_maximum_generation: int | None = Field(default=None, ge=1)
