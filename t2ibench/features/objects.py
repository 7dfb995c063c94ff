"""Objects that captions name and detectors find: the features that semantic object accuracy counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.types import Caption
from t2ibench.features.context import chunks
from t2ibench.features.detection import ObjectDetector
from t2ibench.text.object_words import labels_in

if TYPE_CHECKING:
    from torch import Tensor


class DetectedObjects:
    """A detector as a feature extractor: layer "objects" holds, for every label, the score of its surest detection.

    An image in which nothing is found is a row of zeros: it counts as a miss and never leaves the denominator. To use
    a detector of your own, register a class whose `peek` and `open` are those of an extractor and whose `open` returns
    DetectedObjects(detector); docs/how-to/add-a-metric.md shows one.

    Args:
        detector: what looks at the images; its labels are COCO's names, or a part of them.
    """

    layers: Mapping[str, int]

    def __init__(self, detector: ObjectDetector) -> None:
        self.identity: FeatureIdentity = detector.identity
        self.labels = tuple(detector.labels)
        self.layers = {"objects": len(self.labels)}
        self._detector = detector

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "objects", N x number of labels in [0, 1], float32 on the CPU; 0 where a label is not found.

        Args:
            pixels: uint8, N x 3 x H x W.
        """
        import torch

        scores = torch.zeros(len(pixels), len(self.labels))
        place = {label: at for at, label in enumerate(self.labels)}
        row = 0
        for part in chunks(pixels):
            for found in self._detector.detect(part):
                for one in found:
                    if one.label in place:
                        scores[row, place[one.label]] = max(float(scores[row, place[one.label]]), one.score)
                row += 1
        return {"objects": scores}

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return M x number of labels, 1 where a caption names a label, else 0, float32 on the CPU."""
        import torch

        named = torch.zeros(len(captions), len(self.labels))
        for row, caption in enumerate(captions):
            found = labels_in(caption.text)
            named[row] = torch.tensor([float(label in found) for label in self.labels])
        return named
