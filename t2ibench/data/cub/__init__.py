"""CUB-200-2011 in the layouts people have it in."""

from t2ibench.data.cub.adapter import CUB

__all__ = ["CUB"]
