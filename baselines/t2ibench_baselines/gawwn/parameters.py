"""Parameters of GAWWN."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters
from t2ibench_baselines._stackgan.sentences import SentenceSource


class GAWWNParameters(AdversarialParameters):
    """Everything that can change a GAWWN, besides the game's parameters. The defaults are official, for CUB.

    Attributes:
        batch_size: captions a batch.
        ema_decay: decay of an EMA of the generator's parameters; 0 for none, as in the paper.
        resolution: of the images.
        generator_features: channels at side 32 of the generator; 2 times as many at 16, 4 at 8, 8 at 4.
        discriminator_features: channels of the discriminator's first layer.
        latent: size of z.
        text: where sentence codes come from: "damsm", or "char-cnn-rnn" of the paper, from files.
        condition: what it is told of the place: a "box" around the object, or "keypoints", the places of its parts.
        parts: names of the parts, in the data set's order; filled in when training begins (keypoints only).
        digests: of the data set's tables of parts; filled in likewise.
        images: "whole" images, as in the paper, or the crop around the "object" that the other models learn from.
        normalised_verdict: whether batch normalisation stands in the discriminator's last layers too, as officially.
        mismatch_weight: share of images with another's sentence among what the discriminator is to refuse.
        remembered_boxes: how many boxes or keypoints of the training set are kept, to draw from where none are given.
        halving_epochs: learning rates are halved every so many epochs; 0 leaves them as they are.
        words_maximum: longer captions are thinned to this many words in training (DAMSM only).
        words_maximum_generation: the same when images are made; None keeps all words.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset({"words_maximum_generation"})

    batch_size: int = Field(default=16, ge=2)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    resolution: Literal[32, 64, 128] = 128
    generator_features: int = Field(default=128, ge=4)
    discriminator_features: int = Field(default=128, ge=2)
    latent: int = Field(default=100, ge=1)
    text: SentenceSource = "damsm"
    condition: Literal["box", "keypoints"] = "box"
    parts: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    images: Literal["whole", "object"] = "whole"
    normalised_verdict: bool = True
    mismatch_weight: float = Field(default=0.5, ge=0, le=1)
    remembered_boxes: int = Field(default=2048, ge=1)
    halving_epochs: int = Field(default=100, ge=0)
    words_maximum: int = Field(default=18, ge=1)
    words_maximum_generation: int | None = Field(default=None, ge=1)
