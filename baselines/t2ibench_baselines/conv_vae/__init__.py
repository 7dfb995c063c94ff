"""The talk's conv-deconv variational autoencoder, conditional on the caption."""

from __future__ import annotations

from t2ibench_baselines.conv_vae.model import ConvVAE, ConvVAEParameters

__all__ = ["ConvVAE", "ConvVAEParameters"]
