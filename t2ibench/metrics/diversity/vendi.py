"""Vendi score: how many different images there are in effect, from their similarities."""

from __future__ import annotations

import math

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.alignment.r_precision import unit_codes
from t2ibench.metrics.plain import JackknifeMetric

_ROUNDING = 1e-12


def effective_number(eigenvalues: np.ndarray, order: float = 1.0) -> float:
    """Return the exponential of the Renyi entropy of eigenvalues that sum to 1: 1 for one of them, n for n equal ones.

    Source: Friedman and Dieng, The Vendi Score, 2023; orders by Pasarkar and Dieng 2024. Eigenvalues below 1e-12 are
    rounding: with an order below 1 they would count.
    """
    values = np.asarray(eigenvalues)[np.asarray(eigenvalues) > _ROUNDING]
    if math.isinf(order):
        return float(1 / values.max())
    if order == 1:
        return float(np.exp(-(values * np.log(values)).sum()))
    return float((values**order).sum() ** (1 / (1 - order)))


def vendi_of_kernel(kernel: np.ndarray, order: float = 1.0, weights: np.ndarray | None = None) -> float:
    """Return the score of a similarity matrix, float n x n with 1 on the diagonal; equal weights where None."""
    root = np.full(len(kernel), 1 / math.sqrt(len(kernel))) if weights is None else np.sqrt(weights)
    return effective_number(np.linalg.eigvalsh(kernel * root * root[:, None]), order)


def vendi(features: np.ndarray, order: float = 1.0) -> float:
    """Return the score of float n x d under the cosine, in [1, n], through the smaller of n x n and d x d.

    Images whose features are all 0 are like nothing: they are left out of every similarity.
    """
    rows = unit_codes(features)
    small = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
    return effective_number(np.linalg.eigvalsh(small / len(rows)), order)


class VendiScore(JackknifeMetric):
    """Effective number of different images among those judged, by the cosine of their features.

    Depends on n: compare equal n only. It says nothing of quality: noise may score high.

    Args:
        order: of the entropy; 1 is the paper's, higher ones look at common kinds, lower ones at rare ones.
    """

    name = "vendi"
    version = 1
    title = "Vendi score"
    higher_is_better = True
    least = 1.0
    held = "clustered by image"
    needs_reference = False

    def __init__(self, *, order: float = 1.0) -> None:
        if not order > 0:
            raise UserError(f"The Vendi score needs an order above 0; found {order}.")
        self.order = order

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the score, and the score with each of the `jackknife_parts` left out.

        Raises:
            UserError: fewer than 10 images, or features that are not finite.
        """
        rows = unit_codes(self.features_of(given))
        kept = [np.ones(len(rows), dtype=bool), *(~out for out in self.parts_of(given, len(rows)))]
        if len(rows) < rows.shape[1]:
            kernel = rows @ rows.T
            values = [vendi_of_kernel(kernel[np.ix_(one, one)], self.order) for one in kept]
        else:
            outer = rows.T @ rows
            moments = ((outer - rows[~one].T @ rows[~one]) / int(one.sum()) for one in kept)  # d x d, one at a time
            values = [effective_number(np.linalg.eigvalsh(one), self.order) for one in moments]
        return values[0], values[1:]

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the score, in [1, n], with a jackknife over images. Errors as above."""
        return self.with_interval(given, *self.jackknife(given), most=float(len(given.features[self.layer])))
