"""Parameters of StackGAN."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from t2ibench_baselines._stackgan.staged_parameters import SentenceStageParameters

MAGNIFICATION = 4
"""Resolution of the second stage's images by resolution of the first's, `base_resolution`."""


class StackGANv1Parameters(SentenceStageParameters):
    """Everything that can change a StackGAN, besides the game's parameters. The defaults are the paper's for CUB.

    Attributes:
        batch_size: captions a batch.
        stage2_batch_size: the same of the second stage; None for that of the first.
        ema_decay: decay of an EMA of the generator's parameters; 0 for none, as in the paper.
        stages: 1 trains the first stage alone.
        stage1_share: of all steps, the first stage's.
        generator_features: channels of the second stage's first layer; it has up to 4 times as many, the first stage up
            to 8 times as many (at side 64).
        halving_epochs: learning rates are halved every so many epochs of a stage; 0 leaves them as they are.
    """

    batch_size: int = Field(default=64, ge=2)
    stage2_batch_size: int | None = Field(default=None, ge=2)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    stages: Literal[1, 2] = 2
    stage1_share: float = Field(default=0.5, gt=0, lt=1)
    generator_features: int = Field(default=128, ge=4, multiple_of=4)
    halving_epochs: int = Field(default=100, ge=0)

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Sides of the stages' images, ascending."""
        return tuple(self.base_resolution * MAGNIFICATION**stage for stage in range(self.stages))

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """Captions a batch, by stage."""
        return (self.batch_size, self.stage2_batch_size or self.batch_size)[: self.stages]
