"""Parameters of StackGAN."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters
from t2ibench_baselines._stackgan.sentences import SentenceSource

MAGNIFICATION = 4
"""Resolution of the second stage's images by resolution of the first's."""


class StackGANv1Parameters(AdversarialParameters):
    """Everything that can change a StackGAN, besides the game's parameters. The defaults are the paper's for CUB.

    Attributes:
        batch_size: captions a batch.
        stage2_batch_size: the same of the second stage; None for that of the first.
        ema_decay: decay of an EMA of the generator's parameters; 0 for none, as in the paper.
        stages: 1 trains the first stage alone.
        stage1_share: of all steps, the first stage's.
        base_resolution: resolution of the first stage's images; the second stage's is four times it.
        generator_features: channels of the second stage's first layer; it has up to 4 times as many, the first stage up
            to 8 times as many (at side 64).
        discriminator_features: channels of the discriminators' first layers.
        residual_blocks: of the second stage.
        latent: size of z.
        condition: size of the condition code.
        text: where sentence codes come from: "damsm", or "char-cnn-rnn" of the paper, from files.
        kl_weight: of the conditioning augmentation's kl_divergence.
        halving_epochs: learning rates are halved every so many epochs of a stage; 0 leaves them as they are.
        words_maximum: longer captions are thinned to this many words in training (DAMSM only).
        words_maximum_generation: the same when images are made; None keeps all words.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset({"words_maximum_generation"})

    batch_size: int = Field(default=64, ge=2)
    stage2_batch_size: int | None = Field(default=None, ge=2)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    stages: Literal[1, 2] = 2
    stage1_share: float = Field(default=0.5, gt=0, lt=1)
    base_resolution: Literal[16, 32, 64] = 64
    generator_features: int = Field(default=128, ge=4, multiple_of=4)
    discriminator_features: int = Field(default=64, ge=4)
    residual_blocks: int = Field(default=2, ge=0)
    latent: int = Field(default=100, ge=1)
    condition: int = Field(default=128, ge=1)
    text: SentenceSource = "damsm"
    kl_weight: float = Field(default=2.0, ge=0)
    halving_epochs: int = Field(default=100, ge=0)
    words_maximum: int = Field(default=18, ge=1)
    words_maximum_generation: int | None = Field(default=None, ge=1)

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Sides of the stages' images, ascending."""
        return tuple(self.base_resolution * MAGNIFICATION**stage for stage in range(self.stages))

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """Captions a batch, by stage."""
        return (self.batch_size, self.stage2_batch_size or self.batch_size)[: self.stages]
