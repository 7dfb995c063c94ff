"""The talk's conv-deconv variational autoencoder, conditional on the caption."""

from t2ibench_baselines.conv_vae.model import ConvVAE as ConvVAE
