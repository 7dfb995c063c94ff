"""Pictures of one's own: a folder with captions in one file, or one text file a picture."""

from t2ibench.data.folder.adapter import PictureFolder

__all__ = ["PictureFolder"]
