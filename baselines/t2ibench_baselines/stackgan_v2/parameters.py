"""Parameters of StackGAN-v2."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters
from t2ibench_baselines._stackgan.sentences import SentenceSource


class StackGANv2Parameters(AdversarialParameters):
    """Everything that can change a StackGAN-v2, besides the game's parameters. The defaults are the paper's for CUB.

    Attributes:
        batch_size: captions a batch.
        branches: number of resolutions.
        base_resolution: resolution of the first stage; each further one doubles it.
        generator_features: channels of the generator's first stage; each further one halves them.
        discriminator_features: channels of the discriminators' first layers.
        residual_blocks: a stage.
        latent: size of z.
        condition: size of the condition code.
        text: where sentence codes come from: "damsm", or "char-cnn-rnn" of the paper, from files.
        kl_weight: of the conditioning augmentation's kl_divergence.
        unconditional_weight: of the unconditional terms.
        colour_weight: of the colour consistency of the scales; 0 in the paper's conditional models.
        words_maximum: longer captions are thinned to this many words in training (DAMSM only).
        words_maximum_generation: the same when images are made; None keeps all words.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset({"words_maximum_generation"})

    batch_size: int = Field(default=24, ge=2)
    branches: int = Field(default=3, ge=1, le=3)
    base_resolution: Literal[16, 32, 64] = 64
    generator_features: int = Field(default=64, ge=4, multiple_of=4)
    discriminator_features: int = Field(default=64, ge=4)
    residual_blocks: int = Field(default=2, ge=0)
    latent: int = Field(default=100, ge=1)
    condition: int = Field(default=128, ge=1)
    text: SentenceSource = "damsm"
    kl_weight: float = Field(default=2.0, ge=0)
    unconditional_weight: float = Field(default=1.0, ge=0)
    colour_weight: float = Field(default=0.0, ge=0)
    words_maximum: int = Field(default=18, ge=1)
    words_maximum_generation: int | None = Field(default=None, ge=1)

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Resolutions of all stages, ascending."""
        return tuple(self.base_resolution << branch for branch in range(self.branches))
