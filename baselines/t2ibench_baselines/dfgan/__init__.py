"""DF-GAN: one stage, the text fused into every block, a matching-aware gradient penalty."""

from t2ibench_baselines.dfgan.model import DFGAN as DFGAN
