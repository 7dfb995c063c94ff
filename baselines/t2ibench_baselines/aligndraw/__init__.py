"""alignDRAW: a recurrent variational autoencoder that draws an image patch by patch while it attends to words."""

from __future__ import annotations

from t2ibench_baselines.aligndraw.model import AlignDRAW
from t2ibench_baselines.aligndraw.parameters import AlignDRAWParameters
from t2ibench_baselines.aligndraw.sharpened import SharpenedDRAW, SharpenedDRAWParameters

__all__ = ["AlignDRAW", "AlignDRAWParameters", "SharpenedDRAW", "SharpenedDRAWParameters"]
