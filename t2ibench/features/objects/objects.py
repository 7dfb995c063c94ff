"""Objects that captions name and detectors find: the features that semantic object accuracy counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.types import Caption
from t2ibench.features.context import chunks
from t2ibench.text.object_words import numbers_in

if TYPE_CHECKING:
    from torch import Tensor

SURE: Final = 0.5
"""Least score of a detection that is counted, as TISE's."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in an image. `score` is in [0, 1]; `box` is (left, top, right, bottom) in pixels."""

    label: str
    score: float
    box: tuple[float, float, float, float]


@runtime_checkable
class ObjectDetector(Protocol):
    """What semantic object accuracy judges with; see `DetectedObjects`.

    Attributes:
        identity: see FeatureIdentity.
        labels: what it can find, as in ("person", "bicycle").
    """

    identity: FeatureIdentity
    labels: Sequence[str]

    def detect(self, pixels: Tensor) -> Sequence[Sequence[Detection]]:
        """Return what is found in each of the uint8 images N x 3 x H x W: N sequences, empty where nothing is."""
        ...


class DetectedObjects:
    """A detector as a feature extractor.

    Layer "objects" holds, for every label, the score of its surest detection, layer "counts" how many detections have
    a score of `SURE`. An image in which nothing is found is a row of zeros: it counts as a miss and never leaves the
    denominator. To use a detector of your own, register a class whose `peek` and `open` are those of an extractor and
    whose `open` returns DetectedObjects(detector), or one of this base that is its own detector;
    docs/how-to/add-a-metric.md shows one.

    Args:
        detector: what looks at the images; its labels are COCO's names, or a part of them.
    """

    layers: Mapping[str, int]
    detector: ObjectDetector

    def __init__(self, detector: ObjectDetector) -> None:
        self.identity: FeatureIdentity = detector.identity
        self.labels: Sequence[str] = tuple(detector.labels)
        self.layers = {"objects": len(self.labels), "counts": len(self.labels)}
        self.detector = detector

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "objects", N x number of labels in [0, 1], and "counts", as many, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W.
        """
        import torch

        scores, counts = torch.zeros(2, len(pixels), len(self.labels))
        place = {label: at for at, label in enumerate(self.labels)}
        row = 0
        for part in chunks(pixels):
            for found in self.detector.detect(part):
                for one in found:
                    if one.label in place:
                        scores[row, place[one.label]] = max(float(scores[row, place[one.label]]), one.score)
                        counts[row, place[one.label]] += one.score >= SURE
                row += 1
        return {"objects": scores, "counts": counts}

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return M x number of labels: how many a caption states, `OPEN` if it names the label alone, else 0.

        A detector that has words of its own for its labels says so by a method `numbers_in`.
        """
        import torch

        numbers = getattr(self.detector, "numbers_in", numbers_in)
        rows = [numbers(caption.text) for caption in captions]
        return torch.tensor([[float(row.get(label, 0)) for label in self.labels] for row in rows])
