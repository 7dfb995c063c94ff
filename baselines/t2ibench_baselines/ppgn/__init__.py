"""A PPGN-style sampler: images of a trained generator, improved one by one under a text score. It is not PPGN."""

from __future__ import annotations

from t2ibench_baselines.ppgn.model import PPGNStyle
from t2ibench_baselines.ppgn.parameters import PPGNStyleParameters

__all__ = ["PPGNStyle", "PPGNStyleParameters"]
