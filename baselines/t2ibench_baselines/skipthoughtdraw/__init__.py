"""skipthoughtDRAW: alignDRAW with one sentence vector in the place of aligned words."""

from __future__ import annotations

from t2ibench_baselines.skipthoughtdraw.model import SkipThoughtDRAW
from t2ibench_baselines.skipthoughtdraw.parameters import SkipThoughtDRAWParameters

__all__ = ["SkipThoughtDRAW", "SkipThoughtDRAWParameters"]
