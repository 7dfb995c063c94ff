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

    Softmax, logarithm and mean are in float64 and in log space, so sure predictions give no -inf.
    Source: Salimans et al., Improved Techniques for Training GANs, 2016, section 4.

    Args:
        logits: float N x K.
        split_of: int N, the split of each picture, 0..splits-1, none of them empty.
        splits: how many there are.
    """
    import numpy as np
    from scipy.special import log_softmax, logsumexp

    log_p = log_softmax(np.asarray(logits, dtype=np.float64), axis=1)  # N x K
    scores = np.empty(splits)
    for index in range(splits):
        part = log_p[split_of == index]
        log_marginal = logsumexp(part, axis=0) - math.log(len(part))
        divergence = (np.exp(part) * (part - log_marginal)).sum(axis=1)
        scores[index] = math.exp(max(float(divergence.mean()), 0.0))
    return scores


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

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the score with its interval and the std over splits.

        Raises:
            UserError: fewer than two pictures a split, or logits that are not finite.
        """
        logits = checked_features(self.title, given, self.layer, self.minimum_n) / self.temperature
        count = len(logits)
        split_of = keyed_splits(count, self.splits, given.seed)
        scores = split_scores(logits, split_of, self.splits)
        value = float(scores.mean())
        left_out: list[float] = []
        for out in jackknife_parts(groups_of(given, count), given.seed):
            rest = split_of[~out]
            if len(set(rest.tolist())) < self.splits:
                left_out = []
                break
            left_out.append(float(split_scores(logits[~out], rest, self.splits).mean()))
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
