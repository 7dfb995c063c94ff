"""MNIST with captions: one or two digits on a canvas of 60 pixels, and a sentence that says which and where."""

from t2ibench_simulations.mnist_captions.adapter import MNISTCaptions

__all__ = ["MNISTCaptions"]
