"""What most metrics say of themselves, and the three ways in which most of them come to a value and an interval."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import caption_codes_of, checked_features, groups_of, reference_pair
from t2ibench.metrics.intervals import (
    jackknife_interval,
    jackknife_parts,
    left_out_by_influence,
    mean_interval,
    percent_interval,
)


class PlainMetric:
    """Base of metrics that set the features "pool" of ten images or more against those of reference images.

    A metric says in its own words what is otherwise, as `Metric` lists it; its name, version, title and direction
    always.
    """

    title: str
    unit = ""
    layer = "pool"
    needs_reference = True
    caption_linked = False
    needs_negatives = False
    minimum_n = 10
    interval_kind = "jackknife"

    def features_of(self, given: MetricInput, *, reference: bool = False, stored: bool = False) -> np.ndarray:
        """Return the float array N x d that the metric reads, see `checked_features`."""
        return checked_features(self.title, given, self.layer, self.minimum_n, reference=reference, stored=stored)

    def pair_of(self, given: MetricInput, *, stored: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Return (features, reference), see `reference_pair`."""
        return reference_pair(self.title, given, self.layer, self.minimum_n, stored=stored)

    def captions_of(self, given: MetricInput, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Return (codes of captions, each image's own among them), see `caption_codes_of`."""
        return caption_codes_of(self.title, given, width)

    def parts_of(self, given: MetricInput, count: int) -> list[np.ndarray]:
        """Return the masks of `count` images that the jackknife leaves out, see `jackknife_parts`."""
        return jackknife_parts(groups_of(given, count), given.seed)

    def by_influence(self, given: MetricInput, value: float, influence: np.ndarray) -> tuple[float, list[float]]:
        """Return (value, value without each group of images to first order), see `left_out_by_influence`."""
        return value, left_out_by_influence(value, influence, groups_of(given, len(influence)))


class MeanMetric(PlainMetric):
    """Base of metrics whose value is the mean of a number an image; the interval is a bootstrap over images."""

    @abstractmethod
    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N, a number an image."""

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the mean over images with its interval."""
        values = self.image_values(given)
        interval = mean_interval(values, groups_of(given, len(values)), given.seed)
        return Estimate(value=float(values.mean()), interval=interval, n=len(values))


class HitMetric(PlainMetric):
    """Base of metrics whose value is a share of images, in percent or by another `scale`; the interval is Wilson's."""

    unit = "%"
    scale = 100.0
    """What a hit counts."""

    @abstractmethod
    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N in [0, scale], mostly its ends."""

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share with its interval."""
        hits = self.image_values(given) / self.scale
        interval = percent_interval(hits, groups_of(given, len(hits)), self.scale)
        return Estimate(value=self.scale * float(hits.mean()), interval=interval, n=len(hits))


class JackknifeMetric(PlainMetric):
    """Base of metrics whose interval comes from values with a part of the images left out.

    Attributes:
        least: below which no value lies; rounding apart.
        most: above which none lies.
        held: what the interval says of how it was made: whether images of a caption stay together, what is fixed.
    """

    least = 0.0
    most = math.inf
    held = "clustered by image, reference fixed"

    @abstractmethod
    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return (value, value with each part of the images left out)."""

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the value with its interval. Errors as `jackknife`."""
        return self.with_interval(given, *self.jackknife(given))

    def with_interval(
        self,
        given: MetricInput,
        value: float,
        left_out: list[float],
        *,
        spread: Mapping[str, float] | None = None,
        warnings: tuple[str, ...] = (),
        most: float | None = None,
    ) -> Estimate:
        """Return a value with the interval that its parts left out give; `most` may hang on the images."""
        low, high = min(value, self.least), max(value, self.most if most is None else most)
        interval = jackknife_interval(value, left_out, low=low, high=high, kind=self.interval_kind, what=self.held)
        return Estimate(value, interval, len(given.features[self.layer]), spread or {}, warnings)
