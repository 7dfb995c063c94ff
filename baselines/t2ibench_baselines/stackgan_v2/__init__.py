"""StackGAN-v2: a tree of generators of doubling resolution."""

from __future__ import annotations

from t2ibench_baselines.stackgan_v2.model import StackGANv2
from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters

__all__ = ["StackGANv2", "StackGANv2Parameters"]
