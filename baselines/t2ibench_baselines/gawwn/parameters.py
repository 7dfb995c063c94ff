"""Parameters of GAWWN."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from t2ibench_baselines._reed.parameters import ReedParameters


class GAWWNParameters(ReedParameters):
    """Everything that can change a GAWWN, besides what is shared. The defaults are official, for CUB.

    Attributes:
        batch_size: captions a batch.
        resolution: of the images.
        generator_features: channels at side 32 of the generator; 2 times as many at 16, 4 at 8, 8 at 4.
        discriminator_features: channels of the discriminator's first layer.
        condition: what it is told of the place: a "box" around the object, or "keypoints", the places of its parts.
        parts: names of the parts, in the data set's order; filled in when training begins (keypoints only).
        digests: of the data set's tables of parts; filled in likewise.
        images: "whole" images, as in the paper, or the crop around the "object" that the other models learn from.
        normalised_verdict: whether batch normalisation stands in the discriminator's last layers too, as officially.
        remembered_boxes: how many boxes or keypoints of the training set are kept, to draw from where none are given.
    """

    batch_size: int = Field(default=16, ge=2)
    resolution: Literal[32, 64, 128] = 128
    generator_features: int = Field(default=128, ge=4)
    discriminator_features: int = Field(default=128, ge=2)
    condition: Literal["box", "keypoints"] = "box"
    parts: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    images: Literal["whole", "object"] = "whole"
    normalised_verdict: bool = True
    remembered_boxes: int = Field(default=2048, ge=1)
