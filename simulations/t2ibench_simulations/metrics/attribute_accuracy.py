"""Attribute accuracy: of all that the captions state, the share that the images show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate, Interval
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import hit_rate_interval
from t2ibench.metrics.named import named_and_shown, share_per_image

if TYPE_CHECKING:
    import numpy as np


class AttributeAccuracy:
    """Share of the captions' statements ("black wings", "a hooked bill") that hold in their images, in %.

    For data whose captions can be read exactly, as simulated birds'. Judged by a classifier: the row of the ground
    truth is its ceiling, shuffled captions show what luck gets.

    Args:
        whole_captions: count images that show everything their caption states, instead of statements.
    """

    name = "attribute_accuracy"
    version = 1
    title = "Attributes"
    unit = "%"
    higher_is_better = True
    layer = "statements"
    needs_reference = False
    caption_linked = True
    needs_negatives = False
    minimum_n = 10

    def __init__(self, *, whole_captions: bool = False) -> None:
        self.whole_captions = whole_captions
        if whole_captions:
            self.title = "Whole captions"

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N whose mean is the share in %; see `share_per_image`.

        Raises:
            UserError: fewer than 10 images, no caption codes, numbers that are not finite, or no statement at all.
        """
        return 100 * share_per_image(*self._named_and_shown(given))

    def hits_by_thing(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        """Return (captions that state each thing, those of them whose image shows it), int K. Errors as above."""
        named, shown = self._named_and_shown(given)
        return named.sum(axis=0), (named & shown).sum(axis=0)

    def hits_by_image(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        """Return (things that each image's caption states, those of them that it shows), int N. Errors as above."""
        named, shown = self._named_and_shown(given)
        return named.sum(axis=1), (named & shown).sum(axis=1)

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share, with Wilson's interval over what is counted, clustered by image. Errors as above."""
        import numpy as np

        named, shown = self._named_and_shown(given)
        image, thing = np.nonzero(named)
        hits = shown[image, thing].astype(np.float64)
        unit = hit_rate_interval(hits, groups_of(given, len(named))[image])
        return Estimate(
            value=100 * float(hits.mean()),
            interval=Interval(low=100 * unit.low, high=100 * unit.high, level=unit.level, method=unit.method),
            n=len(named),
        )

    def _named_and_shown(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        named, shown = named_and_shown(self.title, given, self.layer, self.minimum_n, 0.5)
        if self.whole_captions:  # one thing a caption: all that it states
            stated, lacking = named.sum(axis=1), (named & ~shown).sum(axis=1)
            return stated[:, None] > 0, lacking[:, None] == 0
        return named, shown
