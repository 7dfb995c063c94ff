"""GAN-INT-CLS: the first GAN that made images of sentences."""

from __future__ import annotations

from t2ibench_baselines.gan_int_cls.model import GANINTCLS
from t2ibench_baselines.gan_int_cls.parameters import GANINTCLSParameters

__all__ = ["GANINTCLS", "GANINTCLSParameters"]
