"""Parameters of alignDRAW."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field, model_validator

from t2ibench.core.spec.frozen import Frozen

_RETIRED: Final = ("sharpener_features", "sharpener_share", "discriminator_features", "sharpener_learning_rate")
"""Of models trained before the sharpener was a model of its own; theirs have 0 of the first."""


class AlignDRAWParameters(Frozen):
    """Everything that can change an alignDRAW. The defaults are the published configuration for COCO.

    Attributes:
        batch_size: captions a batch.
        resolution: of the images in pixels.
        channels: 3, or 1 for grey images (colours are averaged).
        steps: of the recurrence: how many patches are written.
        patch: side of the windows that are read and written.
        encoder_features: units of the LSTM that reads images.
        decoder_features: units of the LSTM that writes them.
        latent: size of a step's latent.
        language_features: LSTM units a direction of the caption encoder.
        reading: what a word's state has seen: "both" directions of the caption, as published; "forwards", the words up
            to it; "words", the word itself and its place only.
        attention: "align" weighs the words anew at every step; "uniform" takes their mean (noalignDRAW).
        alignment_features: hidden units of the word attention.
        canvas_start: value of the learned first canvas before it learns, a logit: 0 is grey, -10 black.
        window: "centred" windows, or placed "as-coded", an index off; see windows.py.
        exponent_limit: log stride, log variance and log intensity of windows are clamped to this size; 0 for none.
        words_maximum: longer captions are thinned to this many words; None keeps all.
        optimizer: "rmsprop" with its epsilon inside the root, as published, or "adam".
        learning_rate: of it.
        warmup_steps: the rate rises linearly over so many steps; 0 for none.
        decay_epoch: from this epoch on the rate is a tenth; 0 for never.
        decay_steps: the rate falls along half a cosine to a fiftieth over so many steps; 0 for never.
        clip_norm: largest gradient norm of each tensor.
    """

    batch_size: int = Field(default=100, ge=1)
    resolution: int = Field(default=32, ge=8)
    channels: Literal[1, 3] = 3
    steps: int = Field(default=32, ge=2)
    patch: int = Field(default=9, ge=2)
    encoder_features: int = Field(default=550, ge=1)
    decoder_features: int = Field(default=550, ge=1)
    latent: int = Field(default=275, ge=1)
    language_features: int = Field(default=128, ge=1)
    reading: Literal["both", "forwards", "words"] = "both"
    attention: Literal["align", "uniform"] = "align"
    alignment_features: int = Field(default=512, ge=1)
    canvas_start: float = 0.0
    window: Literal["centred", "as-coded"] = "centred"
    exponent_limit: float = Field(default=0.0, ge=0)
    words_maximum: int | None = Field(default=None, ge=1)
    optimizer: Literal["rmsprop", "adam"] = "rmsprop"
    learning_rate: float = Field(default=1e-3, gt=0)
    warmup_steps: int = Field(default=0, ge=0)
    decay_epoch: int = Field(default=0, ge=0)
    decay_steps: int = Field(default=0, ge=0)
    clip_norm: float = Field(default=10.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _without_retired(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("sharpener_features", 0):
            return given  # "not permitted" says the check
        return {name: value for name, value in given.items() if name not in _RETIRED}
