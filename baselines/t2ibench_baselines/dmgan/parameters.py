"""Parameters of DM-GAN."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from t2ibench_baselines._stackgan.staged_parameters import StagedParameters


class DMGANParameters(StagedParameters):
    """Everything that can change a DM-GAN. The defaults are the official configuration for CUB.

    The first three switches are the components of the paper's analysis, the last three bring the paper's form where the
    official code differs from it.

    Attributes:
        memory: False attends to the words as AttnGAN does, in place of the memory (the analysis's baseline).
        writing_gate: False writes the words alone to the memory, without what the image shows so far.
        response_gate: False joins features and what was read, instead of weighing them.
        memory_relu: the memory's projections end in a ReLU; not so in the paper.
        detached_pooling: the mean of the features that the writing sees has no gradient; it has one in the paper.
        self_concatenation: the response gate's outcome is joined with itself; in the paper it goes on as it is.
    """

    batch_size: int = Field(default=10, ge=2)
    generator_features: int = Field(default=64, ge=4)
    discriminator_features: int = Field(default=32, ge=4)
    memory: bool = True
    writing_gate: bool = True
    response_gate: bool = True
    memory_relu: bool = True
    detached_pooling: bool = True
    self_concatenation: bool = True

    @model_validator(mode="after")
    def _gates_need_a_memory(self) -> Self:
        if not self.memory and (self.writing_gate or self.response_gate):
            raise ValueError("without memory there is nothing to gate: set writing_gate and response_gate to false")
        return self
