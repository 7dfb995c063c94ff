"""Reading images of drawn data back into words, whatever they show."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from t2ibench.studies.known_truth import OpenedLater
from t2ibench.studies.probes.questions import Question
from t2ibench.studies.probes.scoring import Reading, Statement

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


class ReadImages(ABC):
    """Base of a `KnownTruth` whose network reads the statements and the attributes of each image.

    Args:
        extractor: of the entry of benchmarks.toml that has the plug-in.
    """

    def __init__(self, extractor: OpenedLater) -> None:
        self._extractor = extractor

    def describe(self) -> dict[str, Any]:
        """Return its identity as JSON values."""
        return self._extractor.describe()

    @abstractmethod
    def seen(
        self, images: Tensor, captions: Sequence[str]
    ) -> tuple[list[frozenset[Statement]], list[frozenset[Statement]], list[Mapping[str, str]]]:
        """Return (statements of each caption, those that hold in each image, attribute -> word of each image)."""

    def read(self, pixels: np.ndarray, question: Question) -> Reading:
        """Return what the images of a question show.

        Args:
            pixels: uint8 rows x wordings x 3 x H x W.
            question: with the wordings' captions.

        Raises:
            UserError: the reader's weights are missing or damaged.
        """
        import torch

        rows, columns = pixels.shape[:2]
        flat = torch.from_numpy(pixels.reshape(rows * columns, *pixels.shape[2:]))
        stated, shown, attributes = self.seen(flat, [variant.text for variant in question.variants])
        starts = range(0, rows * columns, columns)
        return Reading(
            stated=stated,
            shown=[shown[start : start + columns] for start in starts],
            attributes=[attributes[start : start + columns] for start in starts],
        )
