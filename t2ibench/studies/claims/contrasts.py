"""The tests of claims: each makes one number a training seed of a claim's rows, positive on the claimed side.

A test is a plug-in of the kind "claim_tests": any class with the attributes of `ClaimTest`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import ClassVar, Protocol

Values = Sequence[Sequence[float]]
"""A value a row and seed, rows x seeds, larger being better whatever the column."""


class ClaimTest(Protocol):
    """How a claim becomes one number a training seed.

    Attributes:
        equal: whether the claim is that there is no difference.
        rows: least and most rows; None for no most.
    """

    equal: ClassVar[bool]
    rows: ClassVar[tuple[int, int | None]]

    def effect(self, values: Values) -> list[float]:
        """Return the effect of each seed, in the column's unit unless `pairs` decide."""

    def pairs(self, values: Values) -> list[list[float]]:
        """Return the effects of each seed that must all hold for the claim to hold; the effect alone in most tests."""

    def further(self, values: Values) -> dict[str, float]:
        """Return further figures for the reader, as in {"page_p": 0.02}."""


class Difference:
    """The first row is better than the second."""

    equal: ClassVar[bool] = False
    rows: ClassVar[tuple[int, int | None]] = (2, 2)

    def effect(self, values: Values) -> list[float]:
        """Return first less second, a number a seed."""
        return [first - second for first, second in zip(*values, strict=True)]

    def pairs(self, values: Values) -> list[list[float]]:
        """Return the effect alone."""
        return [self.effect(values)]

    def further(self, values: Values) -> dict[str, float]:
        """Return nothing."""
        return {}


class AboveChance(Difference):
    """The row's column, of which 0 is what luck gets, is greater than 0."""

    rows: ClassVar[tuple[int, int | None]] = (1, 1)

    def effect(self, values: Values) -> list[float]:
        """Return the row's own values, a number a seed."""
        return list(values[0])


class Equivalence(Difference):
    """The two rows differ by less than a margin."""

    equal: ClassVar[bool] = True


class Trend(Difference):
    """Each row is better than the one before: a straight line through the rows' means rises.

    The effect is what that line gains from the first row to the last, by least squares over the rows' places. Page's
    test of ordered alternatives, with seeds as blocks, stands beside it (Page 1963).
    """

    rows: ClassVar[tuple[int, int | None]] = (3, None)

    def effect(self, values: Values) -> list[float]:
        """Return the line's gain from first to last row, a number a seed."""
        count = len(values)
        weights = [place - (count - 1) / 2 for place in range(count)]
        scale = (count - 1) / sum(weight * weight for weight in weights)
        return [
            scale * sum(weight * one for weight, one in zip(weights, seed, strict=True))
            for seed in zip(*values, strict=True)
        ]

    def further(self, values: Values) -> dict[str, float]:
        """Return the p-value of Page's one-sided test that values rise from row to row."""
        from scipy.stats import page_trend_test

        blocks = [list(seed) for seed in zip(*values, strict=True)]
        if len(blocks) < 2:
            return {}
        return {"page_p": float(page_trend_test(blocks).pvalue)}


class Order(Difference):
    """Every row is better than the one before it.

    The effect is Kendall's tau between the claimed order and that of each seed, in [-1, 1]; the verdict wants every
    neighbouring pair to hold.
    """

    rows: ClassVar[tuple[int, int | None]] = (3, None)

    def effect(self, values: Values) -> list[float]:
        """Return Kendall's tau with the claimed order, a number a seed."""
        pairs = list(itertools.combinations(range(len(values)), 2))
        return [
            sum((seed[later] > seed[first]) - (seed[later] < seed[first]) for first, later in pairs) / len(pairs)
            for seed in zip(*values, strict=True)
        ]

    def pairs(self, values: Values) -> list[list[float]]:
        """Return later less earlier of every neighbouring pair, a number a seed."""
        return [[better - worse for worse, better in zip(*pair, strict=True)] for pair in itertools.pairwise(values)]
