"""LAPGAN: a pyramid of small GANs, each of which adds the detail that its side allows; conditional on a sentence."""

from t2ibench_baselines.lapgan.model import LAPGAN as LAPGAN
