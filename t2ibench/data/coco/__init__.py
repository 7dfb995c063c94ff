"""COCO's captions and images, 2014 and 2017, in the layouts people have them in."""

from t2ibench.data.coco.adapter import COCO

__all__ = ["COCO"]
