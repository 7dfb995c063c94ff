"""Parameters of the DAMSM encoders."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from t2ibench.core.spec.frozen import Frozen
from t2ibench.text.damsm.losses import Gammas


class DAMSMParameters(Frozen):
    """Everything that can change a DAMSM encoder. The defaults are AttnGAN's for CUB.

    Attributes:
        trunk: the image encoder: "inception_v3" of the papers, or "small", ours, for images of 32 to 256 pixels.
        trunk_weights: file of ImageNet weights for the Inception trunk; needed to train with a frozen trunk.
        train_trunk: whether the Inception trunk learns too; "small" always learns.
        align_corners: of the bilinear resize to `resolution`; see InceptionImageEncoder.
        resolution: side of the images that the image encoder sees.
        width: channels of the first layer of "small".
        embedding: size of the common space; half of it is the LSTM's size per direction.
        word_embedding: size of the word embeddings.
        dropout: on the word embeddings, in training.
        gamma1: sharpness of the attention over regions.
        gamma2: sharpness of the words' share in a caption's score.
        gamma3: sharpness of the matching.
        words_maximum: longer captions are thinned to this many words in training.
        batch_size: captions a batch.
        learning_rate: of the first epoch.
        learning_rate_decay: factor an epoch.
        learning_rate_floor: decay ends once the rate is at or below this.
        beta1: of Adam.
        beta2: of Adam.
        clip_norm: largest gradient norm of the text encoder (the image encoder is not clipped).
    """

    trunk: Literal["inception_v3", "small"] = "inception_v3"
    trunk_weights: str | None = None
    train_trunk: bool = False
    align_corners: bool = True
    resolution: int = Field(default=299, ge=32)
    width: int = Field(default=32, ge=8, multiple_of=8)
    embedding: int = Field(default=256, ge=8, multiple_of=2)
    word_embedding: int = Field(default=300, ge=1)
    dropout: float = Field(default=0.5, ge=0, lt=1)
    gamma1: float = Field(default=4.0, gt=0)
    gamma2: float = Field(default=5.0, gt=0)
    gamma3: float = Field(default=10.0, gt=0)
    words_maximum: int = Field(default=18, ge=1)
    batch_size: int = Field(default=48, ge=2)
    learning_rate: float = Field(default=0.002, gt=0)
    learning_rate_decay: float = Field(default=0.98, gt=0, le=1)
    learning_rate_floor: float = Field(default=0.0002, gt=0)
    beta1: float = Field(default=0.5, ge=0, lt=1)
    beta2: float = Field(default=0.999, ge=0, lt=1)
    clip_norm: float = Field(default=0.25, gt=0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.trunk == "small" and (self.resolution > 256 or self.resolution & (self.resolution - 1)):
            raise ValueError('trunk "small" needs a resolution of 32, 64, 128 or 256')
        if self.trunk == "inception_v3" and self.resolution < 75:
            raise ValueError('trunk "inception_v3" needs a resolution of 75 at least (the papers use 299)')
        if self.trunk == "small" and (self.trunk_weights is not None or self.train_trunk):
            raise ValueError('trunk_weights and train_trunk belong to trunk "inception_v3"; "small" always learns')
        return self

    @property
    def gammas(self) -> Gammas:
        """The three sharpness factors."""
        return Gammas(self.gamma1, self.gamma2, self.gamma3)
