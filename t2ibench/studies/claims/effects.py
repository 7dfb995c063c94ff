"""Effects over training seeds: their intervals, chances, and how many seeds would decide.

The unit of replication is the training seed. Two rows trained with one seed share first weights, order of images and
noise, so rows are compared within seeds: every test makes one number a seed of its rows, and its interval is Student's
t over these numbers.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LEVEL: Final = 0.95
POWER: Final = 0.8
_MOST_SEEDS: Final = 10_000


@dataclass(frozen=True)
class Effect:
    """A mean over training seeds.

    Attributes:
        value: the mean; positive where it lies on the claimed side.
        deviation: standard deviation over seeds; None with fewer than two.
        seeds: how many.
    """

    value: float
    deviation: float | None
    seeds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Effect:
        """Return the effect of one number a seed, at least one."""
        mean = math.fsum(values) / len(values)
        if len(values) < 2:
            return cls(mean, None, len(values))
        return cls(mean, math.sqrt(math.fsum((one - mean) ** 2 for one in values) / (len(values) - 1)), len(values))

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None with fewer than two seeds."""
        return None if self.deviation is None else self.deviation / math.sqrt(self.seeds)

    def interval(self) -> tuple[float, float] | None:
        """Return Student's t interval of the mean at LEVEL; None with fewer than two seeds."""
        from scipy.stats import t

        if self.error is None:
            return None
        reach = float(t.ppf((1 + LEVEL) / 2, self.seeds - 1)) * self.error
        return self.value - reach, self.value + reach

    def chance(self) -> float | None:
        """Return the two-sided p-value of the mean against 0; None with fewer than two seeds."""
        from scipy.stats import t

        if self.error is None:
            return None
        if self.error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * t.sf(abs(self.value) / self.error, self.seeds - 1))

    def within(self, margin: float) -> float | None:
        """Return the p-value of two one-sided tests that the mean lies within +-margin; None with fewer than two seeds.

        Source: Schuirmann 1987.
        """
        from scipy.stats import t

        if self.error is None:
            return None
        room = margin - abs(self.value)
        if self.error == 0:
            return 0.0 if room > 0 else 1.0
        return float(t.sf(room / self.error, self.seeds - 1))


def holm(chances: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in [0, 1], in the order given. Source: Holm 1979."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    corrected = [1.0] * len(chances)
    most = 0.0
    for rank, place in enumerate(order):
        most = max(most, min(1.0, (len(chances) - rank) * chances[place]))
        corrected[place] = most
    return corrected


def seeds_needed(difference: float, deviation: float) -> int | None:
    """Return how many seeds a mean of this size needs to be told from 0; None for more than ten thousand.

    Args:
        difference: the true mean that is supposed.
        deviation: over seeds, as seen so far.
    """
    if deviation == 0:
        return 2 if difference else None
    ratio = abs(difference) / deviation
    found = 2 + bisect_left(range(2, _MOST_SEEDS + 1), True, key=lambda seeds: _reached(ratio, seeds))
    return found if found <= _MOST_SEEDS else None


def deviation_told(difference: float, seeds: int, *, power: float = POWER, level: float = LEVEL) -> float:
    """Return the greatest deviation over seeds with which a mean of this size is told from 0; 0 for fewer than two.

    Args:
        difference: the true mean that is supposed.
        seeds: that there are.
        power: wanted, in (0, 1).
        level: of the interval that must not hold 0.
    """
    if seeds < 2 or difference == 0:
        return 0.0
    low, high = 0.0, 1.0
    while not _reached(high, seeds, power, level):
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if _reached(middle, seeds, power, level) else (middle, high)
    return abs(difference) / high


def _reached(ratio: float, seeds: int, power: float = POWER, level: float = LEVEL) -> bool:
    """Return whether a mean of so many deviations is told from 0 with the power wanted (noncentral t)."""
    from scipy.stats import nct, t

    critical = float(t.ppf((1 + level) / 2, seeds - 1))
    noncentral = ratio * math.sqrt(seeds)
    # Beyond 37 standard errors the far tail underflows and the near one is 1 to the last bit.
    return noncentral - critical > 30 or float(nct.sf(critical, seeds - 1, noncentral)) >= power
