"""LAPGAN: a pyramid of small GANs, each of which adds the detail that its side allows; conditional on a sentence."""

from __future__ import annotations

from t2ibench_baselines.lapgan.model import LAPGAN
from t2ibench_baselines.lapgan.parameters import LAPGANParameters

__all__ = ["LAPGAN", "LAPGANParameters"]
