"""MiFID: FID, divided by how far the images lie from the training images in angle."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.r_precision import unit_codes
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.distribution.frechet import distance_and_influence
from t2ibench.metrics.intervals import left_out_by_influence
from t2ibench.metrics.memorisation.nearest import training_of
from t2ibench.metrics.plain import JackknifeMetric

Direction = Literal["generated", "real"]
_ROWS = 1024
_NOTHING = 1e-8
_ADDED = 1e-14


def least_angles(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return float64: the least 1 - |cos| of each row of `first` to the rows of `second`; rows that sum to 0 drop out.

    Source: Bai et al., On Training Sample Memorization, 2021, section 3.2; opposite directions count as equal.
    """
    ours, theirs = (unit_codes(rows[np.asarray(rows, dtype=np.float64).sum(axis=1) != 0]) for rows in (first, second))
    found = [1 - np.abs(ours[at : at + _ROWS] @ theirs.T).max(axis=1) for at in range(0, len(ours), _ROWS)]
    return np.concatenate(found)


def penalised(fid: float, angle: float, threshold: float) -> float:
    """Return FID over the mean least angle, which counts as 1 from `threshold` on; 0 where FID is below 1e-8."""
    if fid <= _NOTHING:
        return 0.0
    return fid / ((angle if angle < threshold else 1.0) + _ADDED)


class MemorisationInformedFID(JackknifeMetric):
    """FID to the reference, over the mean least 1 - |cos| to the training images where that is small.

    Source: Bai et al. 2021, the Kaggle competition's. The competition's scorer averages over the generated images, as
    is done here; torchmetrics' over the real ones, which copies of a few hardly move (option `direction = "real"`).
    It jumps where the angle passes the threshold: read the angle's column name, not small differences.

    Args:
        threshold: angle from which on nothing is penalised; 0.1 is the competition's, for Inception's pool.
        direction: whose least angles are averaged.
    """

    name = "mifid"
    version = 2  # 2: the interval by the images' influence
    title = "MiFID"
    higher_is_better = False
    held = "clustered by image, reference and training images fixed"
    needs_training = True
    interval_kind = "infinitesimal jackknife"

    def __init__(self, *, threshold: float = 0.1, direction: Direction = "generated") -> None:
        if direction not in get_args(Direction) or not 0 < threshold <= 1:
            raise UserError(
                f"MiFID's direction is one of {', '.join(get_args(Direction))} and its threshold in (0, 1]; found "
                f"{direction!r} and {threshold}."
            )
        self.threshold = threshold
        self.direction = direction

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the figure, and without each group of images, its FID to first order.

        With `direction = "real"` the angle is held fixed.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite, no training images.
        """
        pair = self.pair_of(given)
        features, reference = (np.asarray(one, dtype=np.float64) for one in pair)
        training = training_of(self, given)
        fid, influence = distance_and_influence(features, reference, given.device)
        groups = groups_of(given, len(features))
        fids = left_out_by_influence(fid, influence, groups)
        if self.direction == "real":
            angle = float(least_angles(np.asarray(training), features).mean())
            angles = [angle] * len(fids)
        else:
            seen = features.sum(axis=1) != 0
            own = np.zeros(len(features))
            own[seen] = least_angles(features, np.asarray(training))
            angle = float(own[seen].mean()) if seen.any() else 1.0
            _, member = np.unique(groups, return_inverse=True)
            lost, sizes = (np.bincount(member.reshape(-1), weights=one) for one in (own, seen.astype(np.float64)))
            rest = seen.sum() - sizes
            angles = np.where(rest > 0, (own.sum() - lost) / np.maximum(rest, 1), 1.0).tolist()[: len(fids)]
        return penalised(fid, angle, self.threshold), [
            penalised(one, at, self.threshold) for one, at in zip(fids, angles, strict=True)
        ]
