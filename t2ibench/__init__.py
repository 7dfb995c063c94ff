"""t2ibench: train, sample, evaluate and report text-to-image GANs under one protocol.

The Python interface; docs/python.md tells of every name. Nothing heavy is imported before a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from t2ibench.core.version import VERSION as __version__

if TYPE_CHECKING:
    from t2ibench import metrics
    from t2ibench.api.captions import captions
    from t2ibench.api.evaluate import evaluate
    from t2ibench.api.model import Model, load_extractor, load_model
    from t2ibench.api.own_models import add_model
    from t2ibench.api.results import results
    from t2ibench.api.table import Table
    from t2ibench.api.train import train
    from t2ibench.core.errors import UserError

_WHERE = {
    "evaluate": "t2ibench.api.evaluate",
    "load_model": "t2ibench.api.model",
    "train": "t2ibench.api.train",
    "results": "t2ibench.api.results",
    "captions": "t2ibench.api.captions",
    "add_model": "t2ibench.api.own_models",
    "load_extractor": "t2ibench.api.model",
    "Table": "t2ibench.api.table",
    "Model": "t2ibench.api.model",
    "UserError": "t2ibench.core.errors",
}

__all__ = [
    "evaluate",
    "load_model",
    "train",
    "results",
    "captions",
    "metrics",
    "add_model",
    "load_extractor",
    "Table",
    "Model",
    "UserError",
    "__version__",
]


if not TYPE_CHECKING:  # a type checker knows the names above and no others

    def __getattr__(name: str) -> Any:
        if name == "metrics":
            return import_module("t2ibench.metrics")
        if name not in _WHERE:
            raise AttributeError(f"module 't2ibench' has no attribute {name!r}")
        return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
