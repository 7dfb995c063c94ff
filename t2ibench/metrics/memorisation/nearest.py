"""Distances to training images: what every metric of memorisation reads."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import Metric, MetricInput
from t2ibench.metrics.checks import checked_features
from t2ibench.metrics.pairs.neighbours import nearest_across
from t2ibench.metrics.pairs.one_pass import PairPass
from t2ibench.metrics.plain import PlainMetric

Neighbours = tuple[np.ndarray, np.ndarray, np.ndarray]
"""As `nearest_two` returns them."""


def training_of(metric: Metric, given: MetricInput) -> np.ndarray:
    """Return the training images' features, T x d.

    Raises:
        UserError: there are none, too few, or numbers that are not finite.
    """
    if not given.training:
        raise UserError(
            f"{metric.title} needs the features of the training images, and this data set has no training split."
        )
    return checked_features(metric.title, MetricInput(features=given.training), metric.layer, metric.minimum_n)


def held_out_of(metric: PlainMetric, given: MetricInput) -> np.ndarray:
    """Return the reference images' features, float64 M x d, shifted as `training_and` shifts. Errors likewise."""
    held_out = np.asarray(metric.features_of(given, reference=True), dtype=np.float64)
    shifted: np.ndarray = held_out - np.asarray(given.training[metric.layer], dtype=np.float64).mean(axis=0)
    return shifted


def training_and(metric: Metric, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
    """Return (features, training), float64 N x d and T x d, both shifted by the training images' mean.

    Raises:
        UserError: too few rows, numbers that are not finite, two widths, or no training images at hand.
    """
    features = np.asarray(checked_features(metric.title, given, metric.layer, metric.minimum_n), dtype=np.float64)
    training = np.asarray(training_of(metric, given), dtype=np.float64)
    if training.shape[1] != features.shape[1]:
        raise UserError(
            f"{metric.title} compares features of one extractor; found {features.shape[1]} numbers an image against "
            f"{training.shape[1]} of the training images."
        )
    middle = training.mean(axis=0)
    return features - middle, training - middle


def nearest_two(features: np.ndarray, training: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (int N, float64 N, float64 N): the nearest training row, its distance, the second nearest's."""
    names, distances = nearest_across(features, training, 2)
    return names[:, 0], distances[:, 0], distances[:, 1]


def nearest_of(metric: Metric, given: MetricInput) -> tuple[Neighbours, np.ndarray]:
    """Return (`nearest_two` of the images, the training images), float64 as `training_and` has them. Errors likewise.

    Neighbours are found once for all metrics that share a pass over these features.
    """
    features, training = training_and(metric, given)
    shared = given.pairs
    if not isinstance(shared, PairPass):
        return nearest_two(features, training), training
    of = (given.features[metric.layer], given.training[metric.layer])
    return shared.once("nearest training images", of, lambda: nearest_two(features, training)), training
