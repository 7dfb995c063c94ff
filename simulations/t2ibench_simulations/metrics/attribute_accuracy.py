"""Attribute accuracy: of all that the captions state, the share that the images show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.named import ShareShown

if TYPE_CHECKING:
    import numpy as np


class AttributeAccuracy(ShareShown):
    """Share of the captions' statements ("black wings", "a hooked bill") that hold in their images, in %.

    For data whose captions can be read exactly, as simulated birds'. Judged by a classifier: the row of the ground
    truth is its ceiling, shuffled captions show what luck gets.

    Args:
        whole_captions: count images that show everything their caption states, instead of statements.
    """

    name = "attribute_accuracy"
    version = 1
    title = "Attributes"
    layer = "statements"

    def __init__(self, *, whole_captions: bool = False) -> None:
        self.whole_captions = whole_captions
        if whole_captions:
            self.title = "Whole captions"

    def hits_by_thing(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        """Return (captions that state each thing, those of them whose image shows it), int K. Errors as above."""
        named, shown = self._named_and_shown(given)
        return named.sum(axis=0), (named & shown).sum(axis=0)

    def hits_by_image(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        """Return (things that each image's caption states, those of them that it shows), int N. Errors as above."""
        named, shown = self._named_and_shown(given)
        return named.sum(axis=1), (named & shown).sum(axis=1)

    def _named_and_shown(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        named, shown = super()._named_and_shown(given)
        if self.whole_captions:  # one thing a caption: all that it states
            stated, lacking = named.sum(axis=1), (named & ~shown).sum(axis=1)
            return stated[:, None] > 0, lacking[:, None] == 0
        return named, shown
