"""CUB-200-2011 in the layouts people have it in, and the drawn birds, which have the same files in the same places."""

from t2ibench.data.cub.adapter import CUB, SimBirds

__all__ = ["CUB", "SimBirds"]
