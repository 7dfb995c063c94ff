"""Tests over seeds that no command makes: of rows that share no seeds, and of seeds as real numbers.

What the claims do make (Holm, Page, equivalence within seeds, the effect that pairs find) is theirs, see `judged`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


def rising_trend(samples: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return (Jonckheere-Terpstra statistic, one-sided p) of groups in the claimed rising order.

    By the normal approximation without a continuity correction, its variance corrected for ties. Source: Jonckheere
    1954; Hollander and Wolfe 1999, section 6.2.
    """
    from scipy.stats import norm

    groups = [np.asarray(sample, dtype=np.float64) for sample in samples]
    statistic = sum(
        float((later > one[:, None]).sum()) + 0.5 * float((later == one[:, None]).sum())
        for at, one in enumerate(groups)
        for later in groups[at + 1 :]
    )
    sizes = np.array([len(one) for one in groups], dtype=np.float64)
    ties = np.unique(np.concatenate(groups), return_counts=True)[1].astype(np.float64)
    n = float(sizes.sum())
    expected = (n**2 - float((sizes**2).sum())) / 4

    def third(values: np.ndarray) -> float:
        return float((values * (values - 1) * (values - 2)).sum())

    def pairs(values: np.ndarray) -> float:
        return float((values * (values - 1)).sum())

    def full(values: np.ndarray) -> float:
        return float((values * (values - 1) * (2 * values + 5)).sum())

    variance = (n * (n - 1) * (2 * n + 5) - full(sizes) - full(ties)) / 72
    variance += third(sizes) * third(ties) / (36 * n * (n - 1) * (n - 2)) + pairs(sizes) * pairs(ties) / (
        8 * n * (n - 1)
    )
    return statistic, float(norm.sf((statistic - expected) / math.sqrt(variance)))


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided t tests; each side is (t, p, degrees of freedom). `p` is the greater of the two."""

    p: float
    lower: tuple[float, float, float]
    upper: tuple[float, float, float]


def equivalence(
    first: Sequence[float], second: Sequence[float], low: float, high: float, *, paired: bool
) -> Equivalence:
    """Return whether the mean difference first - second lies within (low, high). Source: Schuirmann 1987.

    Args:
        first: a value a seed.
        second: the same; of the same seeds where paired.
        low: lower margin, fixed before the data are seen.
        high: upper margin.
        paired: compare seed by seed; else pooled variance.
    """
    from scipy.stats import t

    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if paired:
        error, freedom = float((x - y).std(ddof=1)) / math.sqrt(len(x)), float(len(x) - 1)
    else:
        freedom = float(len(x) + len(y) - 2)
        pooled = (float(((x - x.mean()) ** 2).sum()) + float(((y - y.mean()) ** 2).sum())) / freedom
        error = math.sqrt(pooled * (1 / len(x) + 1 / len(y)))
    difference = float(x.mean() - y.mean())
    above, below = (difference - low) / error, (difference - high) / error
    p_above, p_below = float(t.sf(above, freedom)), float(t.cdf(below, freedom))
    return Equivalence(max(p_above, p_below), (above, p_above, freedom), (below, p_below, freedom))


def power(effect: float, count: float, *, alpha: float = 0.05, paired: bool) -> float:
    """Return the chance in [0, 1] that a two-sided t test finds `effect`, in standard deviations, with `count` seeds.

    `count` is pairs where paired, else seeds a group. Source: Cohen 1988, by the noncentral t.
    """
    from scipy.stats import nct, t

    freedom = count - 1 if paired else 2 * count - 2
    shift = effect * math.sqrt(count if paired else count / 2)
    limit = float(t.ppf(1 - alpha / 2, freedom))
    return float(nct.sf(limit, freedom, shift) + nct.cdf(-limit, freedom, shift))


def detectable_effect(count: float, *, wanted: float = 0.8, alpha: float = 0.05, paired: bool) -> float:
    """Return the effect, in standard deviations, that `count` seeds find with the power `wanted`."""
    from scipy.optimize import brentq

    high = 1.0
    while power(high, count, alpha=alpha, paired=paired) < wanted:
        high *= 2
    return float(brentq(lambda effect: power(effect, count, alpha=alpha, paired=paired) - wanted, 1e-6, high))


def seeds_needed(effect: float, *, wanted: float = 0.8, alpha: float = 0.05, paired: bool) -> float:
    """Return the seeds (pairs, or a group; not rounded up) that find `effect` with the power `wanted`."""
    from scipy.optimize import brentq

    high = 3.0
    while power(effect, high, alpha=alpha, paired=paired) < wanted:
        high *= 2
    return float(brentq(lambda count: power(effect, count, alpha=alpha, paired=paired) - wanted, 2.0001, high))
