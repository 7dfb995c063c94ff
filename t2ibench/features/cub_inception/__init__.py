"""The classifier of birds behind the Inception Scores on CUB: StackGAN's, fine-tuned on the 50 test classes."""

from t2ibench.features.cub_inception.extractor import CUBInception

__all__ = ["CUBInception"]
