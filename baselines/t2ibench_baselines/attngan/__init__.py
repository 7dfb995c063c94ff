"""AttnGAN: fine-grained text-to-image generation with attentional generative adversarial networks."""

from t2ibench_baselines.attngan.model import AttnGAN as AttnGAN
