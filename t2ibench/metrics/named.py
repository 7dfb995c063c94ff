"""Things that captions name and images show: what attribute accuracy and semantic object accuracy count."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import percent_interval
from t2ibench.metrics.plain import PlainMetric


class NamedThings(PlainMetric):
    """Base of metrics that ask, in %, whether images show what their captions name."""

    unit = "%"
    higher_is_better = True
    needs_reference = False
    caption_linked = True
    threshold = 0.5
    """At least this sure counts as shown."""
    _columns = slice(None)
    """Which of the things are asked after."""

    def _named_and_shown(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        """Return (named, shown), bool N x K: which of K things an image's caption names, and which the image shows.

        An image that shows nothing is a row of False in `shown` and stays in every denominator. Features, N x K, say
        how surely each thing is shown; caption codes, M x K, are above 0 where it is named.

        Raises:
            UserError: too few images, no caption codes, numbers that are not finite, or no caption names anything.
        """
        scores = self.features_of(given)
        codes, queries = self.captions_of(given, scores.shape[1])
        named: np.ndarray = codes[queries][:, self._columns] > 0
        if not named.any():
            raise UserError(
                f"{self.title} has nothing to look for: no caption of the plan names anything that its judge knows."
            )
        return named, scores[:, self._columns] >= self.threshold


class ShareShown(NamedThings):
    """Base of those whose value is the share, of all that captions name, that is shown."""

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N whose mean is the share, in %, of all named things that are shown.

        Captions of more things weigh more: the value is the number shown over the mean number named.

        Raises:
            UserError: fewer than 10 images, no caption codes, numbers that are not finite, or nothing is named.
        """
        named, shown = self._named_and_shown(given)
        found: np.ndarray = (named & shown).sum(axis=1).astype(np.float64)
        return 100 * (found / float(named.sum(axis=1).mean()))

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share with Wilson's interval over what is counted, clustered by image. Errors as above."""
        named, shown = self._named_and_shown(given)
        image, thing = np.nonzero(named)
        hits = shown[image, thing].astype(np.float64)
        interval = percent_interval(hits, groups_of(given, len(named))[image])
        return Estimate(value=100 * float(hits.mean()), interval=interval, n=len(named))
