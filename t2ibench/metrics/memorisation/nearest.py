"""Distances to training images: what every metric of memorisation reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.checks import checked_features
from t2ibench.metrics.distances import squared_distances, squared_radii

if TYPE_CHECKING:
    import numpy as np


def training_and(metric: str, given: MetricInput, layer: str, minimum_n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (features, training), float64 N x d and T x d, both shifted by the training images' mean.

    Raises:
        UserError: too few rows, numbers that are not finite, two widths, or no training images at hand.
    """
    import numpy as np

    features = np.asarray(checked_features(metric, given, layer, minimum_n), dtype=np.float64)
    if not given.training:
        raise UserError(f"{metric} needs the features of the training images, and this data set has no training split.")
    as_features = MetricInput(features=given.training)
    training = np.asarray(checked_features(metric, as_features, layer, minimum_n), dtype=np.float64)
    if training.shape[1] != features.shape[1]:
        raise UserError(
            f"{metric} compares features of one extractor; found {features.shape[1]} numbers an image against "
            f"{training.shape[1]} of the training images."
        )
    middle = training.mean(axis=0)
    return features - middle, training - middle


def nearest_two(features: np.ndarray, training: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (int N, float64 N, float64 N): the nearest training row, its distance, the second nearest's."""
    import numpy as np

    index = np.empty(len(features), dtype=np.int64)
    first, second = np.empty(len(features)), np.empty(len(features))
    for rows, block in squared_distances(features, training):
        order = np.argpartition(block, 1, axis=1)[:, :2]
        found = np.take_along_axis(block, order, axis=1)
        swap = (found[:, 0] > found[:, 1]).astype(np.int64)[:, None]
        index[rows] = np.take_along_axis(order, swap, axis=1)[:, 0]
        first[rows], second[rows] = np.sqrt(found.min(axis=1)), np.sqrt(found.max(axis=1))
    return index, first, second


def own_distances(training: np.ndarray) -> np.ndarray:
    """Return float64 T: the distance of each training row to its nearest other one."""
    import numpy as np

    distances: np.ndarray = np.sqrt(squared_radii(training, 1))
    return distances
