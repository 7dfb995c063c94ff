"""What a detector of objects must offer: semantic object accuracy judges with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from t2ibench.core.interfaces import FeatureIdentity

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in an image. `score` is in [0, 1]; `box` is (left, top, right, bottom) in pixels."""

    label: str
    score: float
    box: tuple[float, float, float, float]


@runtime_checkable
class ObjectDetector(Protocol):
    """What semantic object accuracy judges with; see `features.objects.objects`.

    Attributes:
        identity: see FeatureIdentity.
        labels: what it can find, as in ("person", "bicycle").
    """

    identity: FeatureIdentity
    labels: Sequence[str]

    def detect(self, pixels: Tensor) -> Sequence[Sequence[Detection]]:
        """Return what is found in each of the uint8 images N x 3 x H x W: N sequences, empty where nothing is."""
        ...
