"""Counting alignment: how far the numbers of objects in an image are from those that its caption states."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import mean_interval
from t2ibench.metrics.plain import PlainMetric


class CountingAlignment(PlainMetric):
    """Mean over images, of those whose caption states a number, of the error of `counting_error`; 0 is perfect.

    Reads the layer "counts" of a detector: N x labels, how many of each an image shows; `read` gives how many its
    caption states, less than 1 for labels that it states no number of. Source: TISE's CA; differs in the counter,
    which is part of the identity, and in the captions, which are the plan's.
    """

    name = "counting_alignment"
    version = 1
    title = "CA"
    higher_is_better = False
    layer = "counts"
    needs_reference = False
    caption_linked = True

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N whose mean is the mean over images whose caption states a number.

        Raises:
            UserError: fewer than 10 images, no captions that state a number, or numbers that are not finite.
        """
        errors, asked = self._errors(given)
        values: np.ndarray = np.where(asked, errors, 0.0) * (len(asked) / int(asked.sum()))
        return values

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the mean with a bootstrap over the images that count, clustered by image. Errors as above."""
        errors, asked = self._errors(given)
        groups = groups_of(given, len(asked))
        return Estimate(
            value=float(errors[asked].mean()),
            interval=mean_interval(errors[asked], groups[asked], given.seed),
            n=len(asked),
            spread={"captions that state a number": float(asked.sum())},
        )

    def _errors(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        """Return (float64 N error, bool N whether the caption states a number)."""
        counted = np.asarray(self.features_of(given), dtype=np.float64)
        codes, queries = self.captions_of(given, counted.shape[1])
        stated = codes[queries]
        named = stated >= 1
        asked = named.any(axis=1)
        if not asked.any():
            raise UserError(f"{self.title} has nothing to count: no caption of the plan states a number of objects.")
        squares = np.where(named, (stated - counted) ** 2, 0.0).sum(axis=1)
        errors: np.ndarray = np.sqrt(squares / np.maximum(named.sum(axis=1), 1))
        return errors, asked
