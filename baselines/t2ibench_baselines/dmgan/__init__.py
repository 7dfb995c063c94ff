"""DM-GAN: dynamic memory generative adversarial networks for text-to-image synthesis."""

from __future__ import annotations

from t2ibench_baselines.dmgan.model import DMGAN
from t2ibench_baselines.dmgan.parameters import DMGANParameters

__all__ = ["DMGAN", "DMGANParameters"]
