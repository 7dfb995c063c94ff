"""Metrics as functions on arrays of features, and as objects for a loop; docs/python.md tells of them.

`t2ibench.metrics.fid(x, y)`; every other registered metric by its name likewise, as `t2ibench.metrics.vendi(x)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from t2ibench.core.registry import registry
from t2ibench.core.types import Estimate
from t2ibench.metrics.functions import clip_score, fid, inception_score, kid, measure, precision_recall, r_precision
from t2ibench.metrics.running import RunningMetric

__all__ = [
    "fid",
    "kid",
    "inception_score",
    "precision_recall",
    "r_precision",
    "clip_score",
    "measure",
    "RunningMetric",
]


def __getattr__(name: str) -> Callable[..., Estimate]:
    if name.startswith("_") or name not in registry("metrics"):
        raise AttributeError(f"module 't2ibench.metrics' has no attribute {name!r}")
    return partial(measure, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *registry("metrics")})
