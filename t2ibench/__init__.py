"""t2ibench: train, sample, evaluate and report text-to-image GANs under one protocol."""

__version__ = "0.1.0"
