"""StackGAN-v2: a tree of generators of doubling resolution."""

from t2ibench_baselines.stackgan_v2.model import StackGANv2 as StackGANv2
