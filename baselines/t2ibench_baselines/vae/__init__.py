"""The talk's fully connected variational autoencoder, conditional on the caption."""

from __future__ import annotations

from t2ibench_baselines.vae.model import VAE, VAEParameters

__all__ = ["VAE", "VAEParameters"]
