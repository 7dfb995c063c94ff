"""Parameters of StackGAN-v2."""

from __future__ import annotations

from pydantic import Field

from t2ibench_baselines._stackgan.staged_parameters import BranchParameters, SentenceStageParameters


class StackGANv2Parameters(BranchParameters, SentenceStageParameters):
    """Everything that can change a StackGAN-v2, besides the game's parameters. The defaults are the paper's for CUB.

    Attributes:
        batch_size: captions a batch.
        unconditional_weight: of the unconditional terms.
        colour_weight: of the colour consistency of the scales; 0 in the paper's conditional models.
    """

    batch_size: int = Field(default=24, ge=2)
    generator_features: int = Field(default=64, ge=4, multiple_of=4)
    condition: int = Field(default=128, ge=1)
    unconditional_weight: float = Field(default=1.0, ge=0)
    colour_weight: float = Field(default=0.0, ge=0)
