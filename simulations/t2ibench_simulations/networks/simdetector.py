"""SimObjects as a detector: objects of simulated scenes with their boxes, for the metrics that count and find them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.features.context import FeatureContext
from t2ibench.features.objects.objects import DetectedObjects, Detection
from t2ibench_simulations.networks.simobjects import SimObjects
from t2ibench_simulations.simscenes.statements import statements_in
from t2ibench_simulations.simscenes.vocabulary import KINDS

if TYPE_CHECKING:
    from torch import Tensor


class SimDetector(DetectedObjects):
    """An `ObjectDetector` of the ten kinds of simulated scenes.

    SimObjects says how many of a kind there are and from where to where they are seen together, so all of a kind share
    that box. A kind is found surely or not at all.
    """

    def __init__(self, network: SimObjects) -> None:
        self.labels: Sequence[str] = KINDS
        self.identity: FeatureIdentity = network.identity
        self._network = network
        super().__init__(self)

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return SimObjects' identity. Errors as `PackagedExtractor.peek`."""
        return SimObjects.peek(context)

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the detector. Errors as `PackagedExtractor.open`."""
        return cls(SimObjects.open(context))

    def detect(self, pixels: Tensor) -> Sequence[Sequence[Detection]]:
        """Return what is found in each of the uint8 images N x 3 x H x W."""
        height, width = pixels.shape[-2:]
        return [
            [
                Detection(kind, 1.0, (span.left * width, span.top * height, span.right * width, span.bottom * height))
                for kind, span in shown.spans.items()
                for _ in range(shown.groups[kind][0])
            ]
            for shown in self._network.describe(pixels)
        ]

    @staticmethod
    def numbers_in(caption: str) -> dict[str, float]:
        """Return kind -> how many of it a caption states, with the generator's own tables."""
        return {kind: float(count) for kind, (count, _) in statements_in(caption).groups.items()}
