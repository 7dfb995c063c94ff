"""Reading pictures of simulated birds back into words, for the probes that can be scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from t2ibench.data.simbirds.statements import STATEMENTS, statements_in
from t2ibench.evaluation.extractors import Extractor
from t2ibench.evaluation.probes.questions import Question
from t2ibench.evaluation.probes.scoring import Reading, Statement

if TYPE_CHECKING:
    import numpy as np

    from t2ibench.features.simattributes import SimAttributes

READABLE: Final = "simbirds"
"""The adapter whose pictures can be read exactly enough to score them."""

_PLUGIN: Final = "simattributes"


class BirdReader:
    """SimAttributes as a reader of probes.

    Args:
        extractor: of the entry of benchmarks.toml that has the plug-in simattributes.
    """

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor

    @staticmethod
    def entry_in(features: Any) -> str | None:
        """Return the name of the extractor to read with, of benchmarks.toml's `features`; None where there is none."""
        return next((name for name, entry in features.items() if entry.plugin == _PLUGIN), None)

    def describe(self) -> dict[str, Any]:
        """Return its identity as JSON values."""
        return self._extractor.describe()

    def read(self, pixels: np.ndarray, question: Question) -> Reading:
        """Return what the pictures of a question show.

        Args:
            pixels: uint8 rows x wordings x 3 x H x W.
            question: with the wordings' captions.

        Raises:
            UserError: the reader's weights are missing or damaged.
        """
        import torch

        network = cast("SimAttributes", self._extractor.opened())
        rows, columns = pixels.shape[:2]
        flat = torch.from_numpy(pixels.reshape(rows * columns, *pixels.shape[2:]))
        true = network.extract(flat)["statements"].numpy() > 0
        words = network.describe(flat)
        shown = [frozenset(_named(row)) for row in true]
        read = [{name: answers[place] for name, answers in words.items()} for place in range(rows * columns)]
        return Reading(
            stated=[statements_in(variant.text) for variant in question.variants],
            shown=[shown[row * columns : (row + 1) * columns] for row in range(rows)],
            attributes=[read[row * columns : (row + 1) * columns] for row in range(rows)],
        )


def _named(row: np.ndarray) -> list[Statement]:
    return [statement for statement, true in zip(STATEMENTS, row, strict=True) if true]
