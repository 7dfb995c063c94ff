"""DM-GAN: dynamic memory generative adversarial networks for text-to-image synthesis."""

from t2ibench_baselines.dmgan.model import DMGAN as DMGAN
