"""Parameters that the StackGANs, AttnGAN and DM-GAN share."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from t2ibench.text.damsm import Gammas
from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters
from t2ibench_baselines._stackgan.sentences import SentenceSource


class StageParameters(AdversarialParameters):
    """Sizes of the stages and words of a caption, as all models of the lineage have them.

    Attributes:
        base_resolution: resolution of the first stage's images.
        discriminator_features: channels of the discriminators' first layers.
        residual_blocks: a stage; in StackGAN of the second.
        latent: size of z.
        words_maximum: longer captions are thinned to this many words in training (read by DAMSM only).
        words_maximum_generation: the same when images are made; None keeps all words.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset({"words_maximum_generation"})

    base_resolution: Literal[16, 32, 64] = 64
    discriminator_features: int = Field(default=64, ge=4)
    residual_blocks: int = Field(default=2, ge=0)
    latent: int = Field(default=100, ge=1)
    words_maximum: int = Field(default=18, ge=1)
    words_maximum_generation: int | None = Field(default=None, ge=1)


class SentenceStageParameters(StageParameters):
    """What the StackGANs have besides: one sentence code for condition.

    Attributes:
        condition: size of the condition code.
        text: where sentence codes come from: "damsm", or "char-cnn-rnn" of the papers, from files.
        kl_weight: of the conditioning augmentation's kl_divergence.
    """

    condition: int = Field(default=128, ge=1)
    text: SentenceSource = "damsm"
    kl_weight: float = Field(default=2.0, ge=0)


class BranchParameters(StageParameters):
    """Sizes of stages of which each doubles the resolution.

    Attributes:
        branches: number of resolutions.
        generator_features: channels of the generator's stages; in StackGAN-v2 each further stage halves them.
        condition: size of the condition code.
    """

    branches: int = Field(default=3, ge=1, le=3)
    generator_features: int = Field(default=32, ge=4)
    condition: int = Field(default=100, ge=1)

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Resolutions of all stages, ascending."""
        return tuple(self.base_resolution << branch for branch in range(self.branches))


class StagedParameters(BranchParameters):
    """What AttnGAN and DM-GAN have besides. The defaults are AttnGAN's for CUB.

    Attributes:
        official_mask: the attention mask of the official code, with which an image depends on its batch.
        damsm_weight: of the DAMSM losses (lambda): 5 for CUB, 50 for COCO, 0 for none.
        kl_weight: of the conditioning augmentation's kl_divergence.
        gamma1: of the DAMSM losses: sharpness of the attention over regions.
        gamma2: of the DAMSM losses: sharpness of the words' share.
        gamma3: of the DAMSM losses: sharpness of the matching.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset({"official_mask", "words_maximum_generation"})
    text: ClassVar[SentenceSource] = "damsm"

    official_mask: bool = False
    damsm_weight: float = Field(default=5.0, ge=0)
    kl_weight: float = Field(default=1.0, ge=0)
    gamma1: float = Field(default=4.0, gt=0)
    gamma2: float = Field(default=5.0, gt=0)
    gamma3: float = Field(default=10.0, gt=0)

    @property
    def attends(self) -> bool:
        """Whether a stage reads the words."""
        return self.branches > 1

    @property
    def image_resolutions(self) -> tuple[int, ...]:
        """Resolutions that have an image and a discriminator, ascending."""
        return self.resolutions

    @property
    def gammas(self) -> Gammas:
        """The sharpness factors of the DAMSM losses."""
        return Gammas(self.gamma1, self.gamma2, self.gamma3)
