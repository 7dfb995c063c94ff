"""alignDRAW: a recurrent variational autoencoder that draws an image patch by patch while it attends to words."""

from __future__ import annotations

from t2ibench_baselines.aligndraw.model import AlignDRAW
from t2ibench_baselines.aligndraw.parameters import AlignDRAWParameters

__all__ = ["AlignDRAW", "AlignDRAWParameters"]
