"""GAWWN: images of sentences with the object where one wants it."""

from __future__ import annotations

from t2ibench_baselines.gawwn.model import GAWWN
from t2ibench_baselines.gawwn.parameters import GAWWNParameters

__all__ = ["GAWWN", "GAWWNParameters"]
