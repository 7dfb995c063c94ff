"""Parameters that both conditional VAEs have."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from t2ibench.core.spec.frozen import Frozen


class VariationalParameters(Frozen):
    """The defaults are our configuration for COCO, as large as the image part of alignDRAW's.

    Attributes:
        batch_size: captions a batch.
        resolution: of the images in pixels.
        channels: 3, or 1 for grey images (colours are averaged).
        latent: numbers of the latent.
        language_features: LSTM units a direction of the caption encoder.
        prior: "learned" from the caption, or "standard": N(0, I).
        output_start: bias of the last layer before it learns: the logit of the mean pixel.
        words_maximum: longer captions are thinned to this many words; None keeps all.
        learning_rate: of Adam.
        decay_steps: the rate falls along half a cosine to 0 over so many steps; 0 for never.
        clip_norm: largest gradient norm of all tensors together.
    """

    batch_size: int = Field(default=100, ge=1)
    resolution: int = Field(default=32, ge=8)
    channels: Literal[1, 3] = 3
    latent: int = Field(default=275, ge=1)
    language_features: int = Field(default=128, ge=1)
    prior: Literal["learned", "standard"] = "learned"
    output_start: float = 0.0
    words_maximum: int | None = Field(default=None, ge=1)
    learning_rate: float = Field(default=3e-4, gt=0)
    decay_steps: int = Field(default=0, ge=0)
    clip_norm: float = Field(default=10.0, gt=0)
