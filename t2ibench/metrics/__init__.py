"""Metrics as functions on arrays of features, and as objects for a loop; docs/python.md tells of them.

`t2ibench.metrics.fid(x, y)`; every other registered metric by its name likewise, as `t2ibench.metrics.vendi(x)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from t2ibench.core.types import Estimate
    from t2ibench.metrics.functions import (
        clip_score,
        fid,
        inception_score,
        kid,
        measure,
        precision_recall,
        r_precision,
    )
    from t2ibench.metrics.running import RunningMetric

    def __getattr__(name: str) -> Callable[..., Estimate]: ...


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

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name in __all__:
            module = "running" if name == "RunningMetric" else "functions"
            return getattr(import_module(f"t2ibench.metrics.{module}"), name)
        from t2ibench.core.registry import registry

        if name.startswith("_") or name not in registry("metrics"):
            raise AttributeError(f"module 't2ibench.metrics' has no attribute {name!r}")
        return partial(import_module("t2ibench.metrics.functions").measure, name)


def __dir__() -> list[str]:
    from t2ibench.core.registry import registry

    return sorted({*__all__, *registry("metrics")})
