"""Parameters of AttnGAN."""

from __future__ import annotations

from t2ibench_baselines._stackgan.staged_parameters import StagedParameters


class AttnGANParameters(StagedParameters):
    """Everything that can change an AttnGAN. The defaults are the paper's for CUB; 2 branches are the paper's AttnGAN1.

    Attributes:
        attention: False joins the condition code in the later stages instead of attending to words.
        dcgan: one image and one discriminator, at the last resolution, without an unconditional head (AttnDCGAN).
    """

    attention: bool = True
    dcgan: bool = False

    @property
    def attends(self) -> bool:
        """Whether a stage reads the words."""
        return self.attention and self.branches > 1

    @property
    def image_resolutions(self) -> tuple[int, ...]:
        """Resolutions that have an image and a discriminator, ascending."""
        return self.resolutions[-1:] if self.dcgan else self.resolutions
