"""Things that captions name and images show: what attribute accuracy and semantic object accuracy count."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import caption_codes_of, checked_features, groups_of
from t2ibench.metrics.intervals import percent_interval
from t2ibench.metrics.plain import PlainMetric


def named_and_shown(
    title: str,
    given: MetricInput,
    layer: str,
    minimum_n: int,
    threshold: float,
    *,
    columns: slice = slice(None),
) -> tuple[np.ndarray, np.ndarray]:
    """Return (named, shown), bool N x K: which of K things an image's caption names, and which the image shows.

    An image that shows nothing is a row of False in `shown` and stays in every denominator.

    Args:
        title: of the metric, for the errors.
        given: features N x K: how surely each thing is shown; caption codes M x K: above 0 where it is named.
        layer: the layer of the features.
        minimum_n: images needed.
        threshold: at least this sure counts as shown.
        columns: which of the K things are asked after; all by default.

    Raises:
        UserError: too few images, no caption codes, numbers that are not finite, or no caption names anything.
    """
    scores = checked_features(title, given, layer, minimum_n)
    codes, queries = caption_codes_of(title, given, scores.shape[1])
    named: np.ndarray = codes[queries][:, columns] > 0
    if not named.any():
        raise UserError(f"{title} has nothing to look for: no caption of the plan names anything that its judge knows.")
    return named, scores[:, columns] >= threshold


def share_per_image(named: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Return float64 N whose mean is the share of all named things that are shown.

    Captions of more things weigh more: the value is the number shown over the mean number named.
    """
    found: np.ndarray = (named & shown).sum(axis=1).astype(np.float64)
    return found / float(named.sum(axis=1).mean())


class NamedThings(PlainMetric):
    """Base of metrics that ask, in %, whether images show what their captions name."""

    title: str
    unit = "%"
    higher_is_better = True
    needs_reference = False
    caption_linked = True
    threshold = 0.5
    """At least this sure counts as shown."""
    _columns = slice(None)
    """Which of the things are asked after."""

    def _named_and_shown(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        return named_and_shown(self.title, given, self.layer, self.minimum_n, self.threshold, columns=self._columns)


class ShareShown(NamedThings):
    """Base of those whose value is the share, of all that captions name, that is shown."""

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N whose mean is the share in %; see `share_per_image`.

        Raises:
            UserError: fewer than 10 images, no caption codes, numbers that are not finite, or nothing is named.
        """
        return 100 * share_per_image(*self._named_and_shown(given))

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share with Wilson's interval over what is counted, clustered by image. Errors as above."""
        named, shown = self._named_and_shown(given)
        image, thing = np.nonzero(named)
        hits = shown[image, thing].astype(np.float64)
        interval = percent_interval(hits, groups_of(given, len(named))[image])
        return Estimate(
            value=100 * float(hits.mean()),
            interval=interval,
            n=len(named),
        )
