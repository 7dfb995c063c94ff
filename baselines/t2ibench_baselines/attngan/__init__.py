"""AttnGAN: fine-grained text-to-image generation with attentional generative adversarial networks."""

from __future__ import annotations

from t2ibench_baselines.attngan.model import AttnGAN
from t2ibench_baselines.attngan.parameters import AttnGANParameters

__all__ = ["AttnGAN", "AttnGANParameters"]
