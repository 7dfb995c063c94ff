"""Inception Score: how sure a classifier is of each image, and how many classes it sees over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.intervals import keyed_order
from t2ibench.metrics.plain import JackknifeMetric

_ROWS = 4096
_LEAST_IN_SPLIT = 3
"""Images a split without which there is no interval."""


def split_scores(logits: np.ndarray, split_of: np.ndarray, splits: int, temperature: float = 1.0) -> np.ndarray:
    """Return float64 `splits`: exp of the mean KL(p(y|x) || p(y)) of every split, in [1, number of classes].

    Source: Salimans et al., Improved Techniques for Training GANs, 2016, section 4.

    Args:
        logits: float N x K.
        split_of: int N, the split of each image, 0..splits-1, none of them empty.
        splits: how many there are.
        temperature: that logits are divided by.

    Raises:
        ValueError: a split holds no image.
    """
    scores = _CellSums.of(logits, temperature, split_of, splits, 1).scores()
    if scores is None:
        raise ValueError("a split holds no image")
    return scores


def keyed_splits(count: int, splits: int, seed: int) -> np.ndarray:
    """Return int N: a keyed shuffle cut into nearly equal splits. Every image is used; no remainder is dropped."""
    split_of = np.empty(count, dtype=np.int64)
    split_of[keyed_order(count, seed, "inception score")] = np.arange(count) * splits // count
    return split_of


class InceptionScore(JackknifeMetric):
    """Mean of the scores of 10 splits, as the papers report it.

    Source: Salimans et al. 2016; splits as in the papers' code. Differs from StackGAN's script for birds: the shuffle
    is keyed and no incomplete batch is dropped; from torch-fidelity only in the shuffle. `temperature` divides the
    logits first (IS* of TISE, Dinh et al. 2022).
    """

    name = "inception_score"
    version = 2  # 2: no interval below three images a split
    title = "IS"
    higher_is_better = True
    least = 1.0
    held = "clustered by image"
    layer = "logits"
    needs_reference = False
    minimum_n = 20

    def __init__(self, *, splits: int = 10, temperature: float = 1.0) -> None:
        if splits < 1 or not temperature > 0:
            raise UserError(f"IS needs splits >= 1 and temperature > 0; found {splits} and {temperature}.")
        self.splits = splits
        self.temperature = temperature
        self.minimum_n = 2 * splits

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the score, and the score with each of the `jackknife_parts` left out; none if that empties a split.

        Raises:
            UserError: fewer than two images a split, or logits that are not finite.
        """
        scores, left_out = self._scores(given)
        return float(scores.mean()), left_out

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the score with its interval and the std over splits. Errors as above."""
        scores, left_out = self._scores(given)
        count = len(given.features[self.layer])
        said = f"IS rests on {count // self.splits} images a split; it grows with their number: compare equal n only."
        return self.with_interval(
            given,
            float(scores.mean()),
            left_out,
            spread={f"std over {self.splits} splits": float(scores.std())} if self.splits > 1 else {},
            warnings=(said,) if count < 100 * self.splits else (),
        )

    def _scores(self, given: MetricInput) -> tuple[np.ndarray, list[float]]:
        """Return (score of every split, mean score with each part left out)."""
        logits = self.features_of(given, stored=True)
        count = len(logits)
        parts = self.parts_of(given, count)
        part_of = np.zeros(count, dtype=np.int64)
        for index, out in enumerate(parts):
            part_of[out] = index
        cell_of = keyed_splits(count, self.splits, given.seed) * max(len(parts), 1) + part_of
        sums = _CellSums.of(logits, self.temperature, cell_of, self.splits, max(len(parts), 1))
        left_out = [sums.scores(without=index) for index in range(len(parts))]
        # With two images in a split a part that is left out may leave one there, whose score is always 1.
        if count < _LEAST_IN_SPLIT * self.splits or any(scores is None for scores in left_out):
            left_out = []
        scores = sums.scores()
        assert scores is not None
        return scores, [float(one.mean()) for one in left_out if one is not None]


@dataclass(frozen=True)
class _CellSums:
    """All that the scores need of N x K predictions: sums by split and jackknife part, so that memory is flat in N.

    Attributes:
        counts: int S x P.
        predictions: float64 S x P x K, sums of p(y|x).
        certainty: float64 S x P, sums of sum p log p.
    """

    counts: np.ndarray
    predictions: np.ndarray
    certainty: np.ndarray

    @classmethod
    def of(cls, logits: np.ndarray, temperature: float, cell_of: np.ndarray, splits: int, parts: int) -> Self:
        """Return the sums; `cell_of` is int N, split * parts + part."""
        cells = splits * parts
        predictions, certainty = np.zeros((cells, logits.shape[1])), np.zeros(cells)
        for start in range(0, len(logits), _ROWS):
            here = cell_of[start : start + _ROWS]
            p, own = _predictions(logits[start : start + _ROWS] / temperature)
            predictions += np.eye(cells)[here].T @ p
            certainty += np.bincount(here, weights=own, minlength=cells)
        counts = np.bincount(cell_of, minlength=cells)
        shape = (splits, parts)
        return cls(counts.reshape(shape), predictions.reshape(*shape, -1), certainty.reshape(shape))

    def scores(self, without: int | None = None) -> np.ndarray | None:
        """Return float64 S as `split_scores`, without one part's images; None if a split has no other."""
        from scipy.special import xlogy

        counts, predictions, certainty = (
            whole.sum(axis=1) - (0 if without is None else whole[:, without])
            for whole in (self.counts, self.predictions, self.certainty)
        )
        if (counts == 0).any():
            return None
        marginals = np.clip(predictions / counts[:, None], 0, None)  # a difference of sums may fall below 0 by rounding
        divergence = certainty / counts - xlogy(marginals, marginals).sum(axis=1)
        scores: np.ndarray = np.exp(np.clip(divergence, 0, None))
        return scores


def _predictions(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (p(y|x), float64 N x K; its sum of p log p, float64 N). Logarithms are of logits, so never of a zero."""
    from scipy.special import log_softmax

    log_p = log_softmax(np.asarray(logits, dtype=np.float64), axis=1)
    p = np.exp(log_p)
    return p, np.einsum("nk,nk->n", p, log_p)
