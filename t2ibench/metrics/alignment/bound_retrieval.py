"""Finding a caption's image among others by the model's bound on log p(image | caption)."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate, Interval
from t2ibench.metrics.intervals import LEVEL
from t2ibench.metrics.plain import HitMetric, PlainMetric


def own_ranks(bounds: np.ndarray) -> np.ndarray:
    """Return float64 N, 1 or more: where the first of each row's numbers stands among all, the largest being first.

    Among equals it stands in the middle, so that a model that cannot tell images apart is at chance.
    """
    own, others = bounds[:, :1], bounds[:, 1:]
    ranks: np.ndarray = 1.0 + (others > own).sum(axis=1) + 0.5 * (others == own).sum(axis=1)
    return ranks


class BoundRecall(HitMetric):
    """Share of captions whose own image is among the k likeliest of the candidates, in %.

    Source: Mansimov et al., 2016, table 1, whose candidates are not published: here they are the image itself and
    others drawn with the protocol's seed, the same for all models.

    Args:
        k: places that count.
    """

    name = "bound_recall"
    version = 1
    higher_is_better = True
    layer = "candidates"
    needs_reference = False
    minimum_n = 3

    def __init__(self, *, k: int = 1) -> None:
        if k < 1:
            raise UserError(f"Retrieval counts at least one place; found k = {k}.")
        self.k = k
        self.title = f"R@{k} by bound"

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: 100 for a hit, else 0.

        Raises:
            UserError: fewer than 3 captions, bounds that are not finite, or no more candidates than places.
        """
        bounds = self.features_of(given)  # N x candidates, its own first
        if bounds.shape[1] <= self.k:
            raise UserError(f"{self.title} among {bounds.shape[1]} candidates says nothing: ask for more of them.")
        return 100.0 * (own_ranks(np.asarray(bounds)) <= self.k)


class BoundMedianRank(PlainMetric):
    """Median over captions of the own image's rank among the candidates by the bound; 1 is best."""

    name = "bound_median_rank"
    version = 1
    title = "median rank by bound"
    higher_is_better = False
    layer = "candidates"
    needs_reference = False
    minimum_n = 6

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the median rank, and that without each of the `jackknife_parts`. Errors as `estimate`."""
        ranks = self._ranks(given)
        parts = self.parts_of(given, len(ranks))
        return float(np.median(ranks)), [float(np.median(ranks[~part])) for part in parts]

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the median rank, its interval from order statistics (captions taken as independent).

        Raises:
            UserError: fewer than 6 captions, or bounds that are not finite.
        """
        from scipy.stats import binom

        ranks = np.sort(self._ranks(given))
        count = len(ranks)
        below = max(int(binom.ppf((1 - LEVEL) / 2, count, 0.5)), 1)
        interval = Interval(float(ranks[below - 1]), float(ranks[count - below]), LEVEL, "order statistics")
        return Estimate(value=float(np.median(ranks)), interval=interval, n=count)

    def _ranks(self, given: MetricInput) -> np.ndarray:
        return own_ranks(np.asarray(self.features_of(given)))
