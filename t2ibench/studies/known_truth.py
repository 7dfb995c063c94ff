"""What is known exactly of a data set's images: a plug-in kind, found by the name of the data set's adapter."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from t2ibench.core.registry import registry

if TYPE_CHECKING:
    import numpy as np

    from t2ibench.data.manifest import Manifest
    from t2ibench.studies.probes.questions import Question
    from t2ibench.studies.probes.scoring import Reading

Said = frozenset[Hashable]
"""What a caption states: two captions that say the same have equal sets."""


class OpenedLater(Protocol):
    """A feature extractor that is opened when it is first needed."""

    def describe(self) -> dict[str, Any]:
        """Return its identity as JSON values."""

    def opened(self) -> Any:
        """Return the extractor itself. Raises UserError: its weights are missing or damaged."""


class KnownTruth(Protocol):
    """What reads captions and images of one adapter exactly enough to score them.

    One that can draw the data set's images again with something wrong has a static method `altered(manifest, image_ids,
    what, resolution)`, where `what` is "counts" or "positions"; the study of metric validity uses it.

    Attributes:
        plugin: of the extractor that it reads images with.
        captioner: that says what an image shows in the data set's own sentences.
        drawing: version of the code that draws images to fit.
        parts: names of the two parts whose combinations training holds out, as in ("wing", "belly").

    Args:
        extractor: of the entry of benchmarks.toml that has the plug-in `plugin`.
    """

    plugin: ClassVar[str]
    captioner: ClassVar[str]
    drawing: ClassVar[int]
    parts: ClassVar[tuple[str, str]]

    def __init__(self, extractor: OpenedLater) -> None: ...

    @staticmethod
    def combinations() -> tuple[list[tuple[str, str]], frozenset[tuple[str, str]]]:
        """Return (combinations held out of training, those that training shows), words in the order of `parts`."""

    @staticmethod
    def said(text: str) -> Said:
        """Return all that a caption states."""

    @staticmethod
    def true_of(manifest: Manifest) -> Mapping[str, Said] | None:
        """Return image id -> all that is true of the image; None where the data set's folder does not tell."""

    def describe(self) -> dict[str, Any]:
        """Return the extractor's identity as JSON values."""

    def attributes_of(self, subject: str) -> Sequence[str]:
        """Return the attributes that a caption's subject is about."""

    def drawn(self, question: Question, rows: int, seed: int, resolution: int) -> np.ndarray | None:
        """Return images that fit, uint8 rows x wordings x 3 x resolution x resolution; None where none can."""

    def read(self, pixels: np.ndarray, question: Question) -> Reading:
        """Return what images of a question show, uint8 rows x wordings x 3 x H x W."""


def known_truth(adapter: str) -> type[KnownTruth] | None:
    """Return what reads the images of an adapter; None for those that nothing reads exactly."""
    truths = registry("truths")
    if adapter not in truths:
        return None
    found: type[KnownTruth] = truths[adapter]
    return found
