"""Parameters that GAN-INT-CLS and GAWWN share."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters
from t2ibench_baselines._stackgan.sentences import SentenceSource


class ReedParameters(AdversarialParameters):
    """What the models of Reed et al. have besides the game's parameters.

    Attributes:
        ema_decay: decay of an EMA of the generator's parameters; 0 for none, as in the papers.
        latent: size of z.
        text: where sentence codes come from: "damsm", or "char-cnn-rnn" of the papers, from files.
        mismatch_weight: CLS: share of images with another's sentence among what the discriminator is to refuse.
        halving_epochs: learning rates are halved every so many epochs; 0 leaves them as they are.
        words_maximum: longer captions are thinned to this many words in training (DAMSM only).
        words_maximum_generation: the same when images are made; None keeps all words.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset({"words_maximum_generation"})

    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    latent: int = Field(default=100, ge=1)
    text: SentenceSource = "damsm"
    mismatch_weight: float = Field(default=0.5, ge=0, le=1)
    halving_epochs: int = Field(default=100, ge=0)
    words_maximum: int = Field(default=18, ge=1)
    words_maximum_generation: int | None = Field(default=None, ge=1)
