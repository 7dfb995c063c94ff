"""DF-GAN: one stage, the text fused into every block, a matching-aware gradient penalty."""

from __future__ import annotations

from t2ibench_baselines.dfgan.model import DFGAN
from t2ibench_baselines.dfgan.parameters import DFGANParameters

__all__ = ["DFGAN", "DFGANParameters"]
