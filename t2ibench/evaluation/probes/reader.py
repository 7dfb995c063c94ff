"""Reading pictures of simulated data back into words, for the probes that can be scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, cast

from t2ibench.data.simbirds.make import VERSION
from t2ibench.data.simbirds.statements import STATEMENTS, statements_in
from t2ibench.evaluation.extractors import Extractor
from t2ibench.evaluation.probes.questions import Question
from t2ibench.evaluation.probes.scene_reader import SceneReader
from t2ibench.evaluation.probes.scoring import Reading, Statement
from t2ibench.evaluation.probes.truth import attributes_of, drawn_birds

if TYPE_CHECKING:
    import numpy as np

    from t2ibench.features.simattributes import SimAttributes


class Reader(Protocol):
    """What reads pictures of one adapter exactly enough to score them.

    Attributes:
        plugin: of the extractor that it reads with.
        drawing: version of the code that draws pictures to fit.
    """

    plugin: ClassVar[str]
    drawing: ClassVar[int]

    def __init__(self, extractor: Extractor) -> None: ...

    def describe(self) -> dict[str, Any]:
        """Return the extractor's identity as JSON values."""

    def attributes_of(self, subject: str) -> Sequence[str]:
        """Return the attributes that a caption's subject is about."""

    def drawn(self, question: Question, rows: int, seed: int, side: int) -> np.ndarray | None:
        """Return pictures that fit, uint8 rows x wordings x 3 x side x side; None where none can."""

    def read(self, pixels: np.ndarray, question: Question) -> Reading:
        """Return what pictures of a question show, uint8 rows x wordings x 3 x H x W."""


class BirdReader:
    """SimAttributes as a reader of probes.

    Args:
        extractor: of the entry of benchmarks.toml that has the plug-in simattributes.
    """

    plugin: ClassVar[str] = "simattributes"
    drawing: ClassVar[int] = VERSION

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor

    def describe(self) -> dict[str, Any]:
        """Return its identity as JSON values."""
        return self._extractor.describe()

    def attributes_of(self, subject: str) -> Sequence[str]:
        """Return the attributes of a bird that a caption's subject is about."""
        return attributes_of(subject)

    def drawn(self, question: Question, rows: int, seed: int, side: int) -> np.ndarray | None:
        """Return birds that fit a question's captions; see `drawn_birds`."""
        return drawn_birds(question, rows, seed, side)

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


READERS: Final[Mapping[str, type[Reader]]] = {"simbirds": BirdReader, "simscenes": SceneReader}
"""Adapter -> what reads its pictures; those of other adapters nothing reads."""


def _named(row: np.ndarray) -> list[Statement]:
    return [statement for statement, true in zip(STATEMENTS, row, strict=True) if true]
