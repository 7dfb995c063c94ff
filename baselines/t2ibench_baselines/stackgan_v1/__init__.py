"""StackGAN: a first stage draws the gist of an image, a second one draws it again, larger and in detail."""

from __future__ import annotations

from t2ibench_baselines.stackgan_v1.model import StackGANv1
from t2ibench_baselines.stackgan_v1.parameters import StackGANv1Parameters

__all__ = ["StackGANv1", "StackGANv1Parameters"]
