"""A PPGN-style sampler: images of a trained generator, improved one by one under a text score. It is not PPGN."""

from t2ibench_baselines.ppgn.model import PPGNStyle as PPGNStyle
