"""Images of one's own: a folder with captions in one file, or one text file an image."""

from t2ibench.data.folder.adapter import ImageFolder

__all__ = ["ImageFolder"]
