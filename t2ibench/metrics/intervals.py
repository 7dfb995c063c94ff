"""Confidence intervals that know images of one image's captions are not independent.

Means of hits get a Wilson interval with a design effect, other means a bootstrap over whole groups; statistics of a
whole set (IS, FID, KID, recall ...) get a delete-a-group jackknife. Those take no bootstrap: a resample holds each
image several times, which pulls IS down and FID and KID up by about as much as the interval is wide, while leaving a
twentieth out moves them hardly at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from t2ibench.core.noise import seed_of
from t2ibench.core.types import Interval

LEVEL = 0.95
JACKKNIFE_PARTS = 20
RESAMPLES = 2000


def keyed_order(count: int, *key: object) -> np.ndarray:
    """Return a permutation of 0..count-1 that depends on `key` alone, the same with every version of NumPy."""
    # Raw words of PCG64 are guaranteed stable; Generator.permutation is not.
    words = np.random.PCG64(seed_of(*key)).random_raw(count)
    return np.argsort(words, kind="stable")


def jackknife_parts(groups: np.ndarray, seed: int, parts: int = JACKKNIFE_PARTS) -> list[np.ndarray]:
    """Return up to `parts` bool masks of N: who is left out; images of one group always leave together.

    Groups are dealt out in a keyed order, so the parts are of nearly equal size. Fewer than three groups give none.
    """
    names, member = np.unique(groups, return_inverse=True)
    parts = min(parts, len(names))
    if parts < 3:
        return []
    part_of_group = np.empty(len(names), dtype=np.int64)
    part_of_group[keyed_order(len(names), seed, "jackknife")] = np.arange(len(names)) % parts
    part = part_of_group[member.reshape(-1)]
    return [part == index for index in range(parts)]


def left_out_by_influence(value: float, influence: np.ndarray, groups: np.ndarray) -> list[float]:
    """Return a statistic without each group of images, to first order; fewer than three groups give none.

    `jackknife_interval` of these is the infinitesimal jackknife, clustered by group: no statistic is computed twice.
    Source: Jaeckel, The Infinitesimal Jackknife, 1972; Efron, The Jackknife, the Bootstrap and Other Resampling Plans,
    1982, section 6.3.

    Args:
        value: the statistic on everything.
        influence: float64 N that sum to 0: the derivative of the statistic as its images' distribution moves towards
            one image alone.
        groups: int N.
    """
    _, member = np.unique(groups, return_inverse=True)
    member = member.reshape(-1)
    sizes = np.bincount(member)
    if len(sizes) < 3:
        return []
    left: list[float] = (value - np.bincount(member, weights=influence) / (len(member) - sizes)).tolist()
    return left


def jackknife_interval(
    value: float,
    left_out: Sequence[float],
    *,
    low: float,
    what: str,
    high: float = math.inf,
    kind: str = "jackknife",
) -> Interval | None:
    """Return the interval of a statistic from its values with one part left out each, or None without any.

    The standard error is sqrt((g-1)/g * sum (value_j - mean)^2), the interval value +- t(g-1) * error, cut at `low` and
    `high`.
    Source: Shao and Tu, The Jackknife and Bootstrap, 1995, section 2.3 (delete-a-group).

    Args:
        value: the statistic on everything; the interval's middle.
        left_out: the statistic without part j.
        low: the least value the statistic can have.
        what: what was held fixed or grouped, for the method's name.
        high: the greatest value it can have.
        kind: of jackknife, for the method's name.
    """
    from scipy.stats import t

    parts = len(left_out)
    if parts < 3:
        return None
    values = np.asarray(left_out, dtype=np.float64)
    error = math.sqrt((parts - 1) / parts * float(((values - values.mean()) ** 2).sum()))
    reach = float(t.ppf(0.5 + LEVEL / 2, parts - 1)) * error
    method = f"{kind}, {parts} parts, {what}"
    return Interval(low=max(low, value - reach), high=min(high, value + reach), level=LEVEL, method=method)


def hit_rate_interval(hits: np.ndarray, groups: np.ndarray) -> Interval:
    """Return Wilson's interval of a mean of hits in [0, 1], with the number of images divided by the design effect.

    The design effect is the variance of the mean under sampling of whole groups over that of independent images,
    kept between 1 and the mean group size; where all hits are alike, the latter, so that 0 of n is never certain.
    Source: Wilson 1927; Kish 1965 for the design effect.

    Args:
        hits: float N, each in [0, 1].
        groups: int N.
    """
    from scipy.stats import norm

    rate, count = float(hits.mean()), len(hits)
    _, member = np.unique(groups, return_inverse=True)
    clusters = int(member.max()) + 1
    largest = count / clusters
    effect = largest
    spread = rate * (1 - rate)
    if spread > 0 and clusters > 1:
        residuals = np.bincount(member.reshape(-1), weights=hits - rate, minlength=clusters)
        variance = clusters / (clusters - 1) * float((residuals**2).sum()) / count**2
        effect = min(max(variance / (spread / count), 1.0), largest)
    n = count / effect
    z = float(norm.ppf(0.5 + LEVEL / 2))
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(spread / n + z * z / (4 * n * n))
    # At the ends Wilson's bound is 0 or 1 but for rounding, and the value itself must lie inside.
    low, high = min(max(0.0, middle - reach), rate), max(min(1.0, middle + reach), rate)
    return Interval(low=low, high=high, level=LEVEL, method="Wilson, clustered by image")


def percent_interval(hits: np.ndarray, groups: np.ndarray, scale: float = 100) -> Interval:
    """Return `hit_rate_interval` in percent, or times another `scale`."""
    unit = hit_rate_interval(hits, groups)
    return replace(unit, low=scale * unit.low, high=scale * unit.high)


def mean_interval(values: np.ndarray, groups: np.ndarray, seed: int) -> Interval | None:
    """Return the interval of a mean from a bootstrap over groups, or None for fewer than three groups.

    Whole groups are drawn with replacement, as many as there are, 2,000 times; the interval holds the middle 95 % of
    the means of their images. Given the differences of two models on the same captions, it is the paired bootstrap.
    Source: Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8 (strategy 1).

    Args:
        values: float N.
        groups: int N.
        seed: decides what is drawn, the same with every version of NumPy.
    """
    _, member = np.unique(groups, return_inverse=True)
    clusters = int(member.max()) + 1
    if clusters < 3:
        return None
    totals = np.bincount(member.reshape(-1), weights=values, minlength=clusters)
    sizes = np.bincount(member.reshape(-1), minlength=clusters).astype(np.float64)
    # Raw words of PCG64 are guaranteed stable; Generator.integers is not.
    words = np.random.PCG64(seed_of(seed, "bootstrap"))
    means = np.empty(RESAMPLES)
    for index in range(RESAMPLES):
        drawn = np.bincount((words.random_raw(clusters) % np.uint64(clusters)).astype(np.int64), minlength=clusters)
        means[index] = float(drawn @ totals) / float(drawn @ sizes)
    low, high = np.quantile(means, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    value = float(np.mean(values))
    return Interval(
        low=min(float(low), value),
        high=max(float(high), value),
        level=LEVEL,
        method=f"bootstrap, {RESAMPLES:,} resamples, clustered by image",
    )
