"""StackGAN: a first stage draws the gist of an image, a second one draws it again, larger and in detail."""

from t2ibench_baselines.stackgan_v1.model import StackGANv1 as StackGANv1
