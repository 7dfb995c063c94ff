"""Inception Score: how sure a classifier is of each picture, and how many classes it sees over all of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from t2ibench.errors import UserError
from t2ibench.interfaces import MetricInput
from t2ibench.metrics._checks import checked_features, groups_of
from t2ibench.metrics._intervals import jackknife_interval, jackknife_parts, keyed_order
from t2ibench.types import Estimate

if TYPE_CHECKING:
    import numpy as np


def split_scores(logits: np.ndarray, split_of: np.ndarray, splits: int) -> np.ndarray:
    """Return float64 `splits`: exp of the mean KL(p(y|x) || p(y)) of every split, in [1, number of classes].

    Source: Salimans et al., Improved Techniques for Training GANs, 2016, section 4.

    Args:
        logits: float N x K.
        split_of: int N, the split of each picture, 0..splits-1, none of them empty.
        splits: how many there are.
    """
    return _scores(*_predictions(logits), split_of, splits)


def keyed_splits(count: int, splits: int, seed: int) -> np.ndarray:
    """Return int N: a keyed shuffle cut into nearly equal splits. Every picture is used; no remainder is dropped."""
    import numpy as np

    split_of = np.empty(count, dtype=np.int64)
    split_of[keyed_order(count, seed, "inception score")] = np.arange(count) * splits // count
    return split_of


class InceptionScore:
    """Mean of the scores of 10 splits, as the papers report it.

    Source: Salimans et al. 2016; splits as in the papers' code. Differs from StackGAN's script for birds: the shuffle
    is keyed and no incomplete batch is dropped; from torch-fidelity only in the shuffle. `temperature` divides the
    logits first (IS* of TISE, Dinh et al. 2022).
    """

    name = "inception_score"
    version = 1
    title = "IS"
    unit = ""
    higher_is_better = True
    layer = "logits"
    needs_reference = False
    caption_linked = False
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
            UserError: fewer than two pictures a split, or logits that are not finite.
        """
        scores, left_out = self._scores(given)
        return float(scores.mean()), left_out

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the score with its interval and the std over splits. Errors as above."""
        scores, left_out = self._scores(given)
        value, count = float(scores.mean()), len(given.features[self.layer])
        warnings = []
        if count < 100 * self.splits:
            warnings.append(
                f"IS rests on {count // self.splits} pictures a split; it grows with their number, so compare equal n "
                "only."
            )
        return Estimate(
            value=value,
            interval=jackknife_interval(value, left_out, low=1.0, what="clustered by image"),
            n=count,
            spread={f"std over {self.splits} splits": float(scores.std())} if self.splits > 1 else {},
            warnings=tuple(warnings),
        )

    def _scores(self, given: MetricInput) -> tuple[np.ndarray, list[float]]:
        """Return (score of every split, mean score with each part left out)."""
        logits = checked_features(self.title, given, self.layer, self.minimum_n) / self.temperature
        count = len(logits)
        split_of = keyed_splits(count, self.splits, given.seed)
        predictions, certainty = _predictions(logits)
        left_out: list[float] = []
        for out in jackknife_parts(groups_of(given, count), given.seed):
            rest = split_of[~out]
            if len(set(rest.tolist())) < self.splits:
                left_out = []
                break
            left_out.append(float(_scores(predictions[~out], certainty[~out], rest, self.splits).mean()))
        return _scores(predictions, certainty, split_of, self.splits), left_out


def _predictions(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (p(y|x), float64 N x K; its sum of p log p, float64 N). Logarithms are of logits, so never of a zero."""
    import numpy as np
    from scipy.special import log_softmax

    log_p = log_softmax(np.asarray(logits, dtype=np.float64), axis=1)
    p = np.exp(log_p)
    return p, np.einsum("nk,nk->n", p, log_p)


def _scores(predictions: np.ndarray, certainty: np.ndarray, split_of: np.ndarray, splits: int) -> np.ndarray:
    """Return the scores of `split_scores`: the mean KL is the mean of sum p log p less that of the mean prediction."""
    import numpy as np
    from scipy.special import xlogy

    scores = np.empty(splits)
    for index in range(splits):
        rows = split_of == index
        marginal = predictions[rows].mean(axis=0)
        divergence = float(certainty[rows].mean()) - float(xlogy(marginal, marginal).sum())
        scores[index] = math.exp(max(divergence, 0.0))
    return scores
