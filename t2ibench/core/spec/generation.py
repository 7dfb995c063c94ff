"""How a protocol has models make their images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from t2ibench.core.spec.frozen import Frozen

Value = bool | int | float | str | list[int] | list[str]


class GenerationOptions(Frozen):
    """How a protocol has models make their images, where that is not their own way. All of it moves images.

    Attributes:
        parameters: plug-in parameters that may be set without other weights (the plug-in's `Parameters.at_generation`);
            given to the models that have them, noted in the records of those that have not.
        zero_latents: latents that are 0, their mean, instead of drawn: ("ca",) switches the noise of the conditioning
            augmentation off.
        batch_size: images made together, whatever --batch-size says; None leaves it free.
        batch_order: "longest-first": within a batch, captions of more words come first, as in the official loaders.
        precision: of the models' arithmetic, as lightning-fabric names it; judges compute in 32 bits always.
        compiled: whether torch.compile makes the models' kernels.
    """

    parameters: Mapping[str, Value] = Field(default_factory=dict)
    zero_latents: tuple[str, ...] = ()
    batch_size: int | None = Field(default=None, ge=1)
    batch_order: Literal["plan", "longest-first"] = "plan"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    compiled: bool = False

    @model_validator(mode="after")
    def _batches_are_fixed(self) -> GenerationOptions:
        if self.batch_size is None and (self.batch_order != "plan" or self.parameters.get("official_mask")):
            raise ValueError("official_mask and batch_order make an image depend on its batch: set batch_size too")
        return self
