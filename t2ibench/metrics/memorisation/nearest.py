"""Distances to training images: what every metric of memorisation reads."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.checks import checked_features
from t2ibench.metrics.pairs.neighbours import nearest_across
from t2ibench.metrics.pairs.one_pass import PairPass

Neighbours = tuple[np.ndarray, np.ndarray, np.ndarray]
"""As `nearest_two` returns them."""


def training_of(metric: str, given: MetricInput, layer: str, minimum_n: int) -> np.ndarray:
    """Return the training images' features, T x d.

    Raises:
        UserError: there are none, too few, or numbers that are not finite.
    """
    if not given.training:
        raise UserError(f"{metric} needs the features of the training images, and this data set has no training split.")
    return checked_features(metric, MetricInput(features=given.training), layer, minimum_n)


def held_out_of(metric: str, given: MetricInput, layer: str, minimum_n: int) -> np.ndarray:
    """Return the reference images' features, float64 M x d, shifted as `training_and` shifts. Errors likewise."""
    held_out = np.asarray(checked_features(metric, given, layer, minimum_n, reference=True), dtype=np.float64)
    shifted: np.ndarray = held_out - np.asarray(given.training[layer], dtype=np.float64).mean(axis=0)
    return shifted


def training_and(metric: str, given: MetricInput, layer: str, minimum_n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (features, training), float64 N x d and T x d, both shifted by the training images' mean.

    Raises:
        UserError: too few rows, numbers that are not finite, two widths, or no training images at hand.
    """
    features = np.asarray(checked_features(metric, given, layer, minimum_n), dtype=np.float64)
    training = np.asarray(training_of(metric, given, layer, minimum_n), dtype=np.float64)
    if training.shape[1] != features.shape[1]:
        raise UserError(
            f"{metric} compares features of one extractor; found {features.shape[1]} numbers an image against "
            f"{training.shape[1]} of the training images."
        )
    middle = training.mean(axis=0)
    return features - middle, training - middle


def nearest_two(features: np.ndarray, training: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (int N, float64 N, float64 N): the nearest training row, its distance, the second nearest's."""
    names, distances = nearest_across(features, training, 2)
    return names[:, 0], distances[:, 0], distances[:, 1]


def nearest_of(given: MetricInput, layer: str, features: np.ndarray, training: np.ndarray) -> Neighbours:
    """Return `nearest_two`, found once for all metrics that share a pass over these features.

    Args:
        given: whose pass.
        layer: that was read.
        features: float64 N x d, as `training_and` returns them.
        training: likewise.
    """
    shared = given.pairs
    if not isinstance(shared, PairPass):
        return nearest_two(features, training)
    of = (given.features[layer], given.training[layer])
    return shared.once("nearest training images", of, lambda: nearest_two(features, training))
