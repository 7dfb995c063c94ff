"""The talk's fully connected variational autoencoder, conditional on the caption."""

from t2ibench_baselines.vae.model import VAE as VAE
