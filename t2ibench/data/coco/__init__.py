"""COCO's captions and pictures, 2014 and 2017, in the layouts people have them in; and the drawn scenes, alike."""

from t2ibench.data.coco.adapter import COCO
from t2ibench.data.coco.drawn import SimScenes

__all__ = ["COCO", "SimScenes"]
