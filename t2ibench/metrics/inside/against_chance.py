"""A share seen inside a model, the share that luck gets, and what is above luck."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import percent_interval
from t2ibench.metrics.plain import JackknifeMetric, PlainMetric


class AgainstChance(JackknifeMetric):
    """A ratio of sums over images, 100 * sum of values / sum of counts, beside the same ratio of luck.

    A layer has four numbers an image: sum of values, their count, sum of what luck gets, its count. Images that have
    nothing to tell (a caption that names no part) have zeros.

    Args:
        layer: of the features, as in "places-2".
        title: head of the column.
        show: "value", "chance", or "above": the value less the chance, which is 0 where there is luck alone.
    """

    name = "against_chance"
    version = 1
    unit = "%"
    higher_is_better = True
    needs_reference = False
    interval_kind = "infinitesimal jackknife"
    held = "over images"

    def __init__(
        self,
        *,
        layer: str = "places-2",
        title: str = "Attention on the named part",
        show: Literal["value", "chance", "above"] = "above",
    ) -> None:
        if show not in ("value", "chance", "above"):
            raise TypeError(f'show is "value", "chance" or "above", not {show!r}')
        self.layer = layer
        self.title = title
        self._show = show
        self.least = -math.inf if show == "above" else 0.0

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return (the share in %, the share without each group of images, to first order).

        Raises:
            UserError: fewer than 10 images, or none that has anything to tell.
        """
        rows = np.asarray(self.features_of(given), dtype=np.float64)
        parts = [] if self._show == "chance" else [(100, 0)]
        parts += [] if self._show == "value" else [(-100 if self._show == "above" else 100, 2)]
        value, influence = 0.0, np.zeros(len(rows))
        for sign, place in parts:
            ratio, moves = _ratio(rows[:, place], rows[:, place + 1], self.title)
            value += sign * ratio
            influence += sign * moves
        return self.by_influence(given, value, influence)


class NotOne(PlainMetric):
    """Share of images of which something is not counted once, in %: birds without a head, or with several.

    Args:
        layer: of the features, a count an image.
        title: head of the column.
    """

    name = "not_one"
    version = 1
    unit = "%"
    higher_is_better = False
    needs_reference = False

    def __init__(self, *, layer: str = "heads", title: str = "Not one head") -> None:
        self.layer = layer
        self.title = title

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N, 100 for an image that has not one, else 0. Raises UserError: fewer than 10 images."""
        counts = np.asarray(self.features_of(given))[:, 0]
        values: np.ndarray = 100 * (np.rint(counts) != 1).astype(np.float64)
        return values

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share with Wilson's interval, clustered by image. Errors as above."""
        values = self.image_values(given)
        interval = percent_interval(values / 100, groups_of(given, len(values)))
        return Estimate(value=float(values.mean()), interval=interval, n=len(values))


def _ratio(values: np.ndarray, counts: np.ndarray, title: str) -> tuple[float, np.ndarray]:
    """Return (sum of values / sum of counts, the derivative of it towards each image, float64 N of sum 0)."""
    total = float(counts.sum())
    if total == 0:
        raise UserError(
            f"{title}: none of the images tells it: the model has no such part, or no caption speaks of it."
        )
    ratio = float(values.sum()) / total
    return ratio, (values - ratio * counts) / (total / len(counts))
