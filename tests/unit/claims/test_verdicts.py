"""Verdicts on simulated tables: what is planted is found, what is not is not, and intervals cover."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from t2ibench.studies.claims.contrasts import Difference, Equivalence, Order, Trend
from t2ibench.studies.claims.effects import Effect, holm, seeds_needed
from t2ibench.studies.claims.verdicts import Question, judge


def question(test, values, *, claim="c", column="fid", margin=None):
    pairs = tuple(Effect.of(one) for one in test.pairs(values))
    effect = Effect.of(test.effect(values))
    return Question(claim, column, test.equal, margin, effect, pairs)


def verdict(test, values, **rest):
    return judge([question(test, values, **rest)])[0].verdict


def test_without_an_effect_at_most_one_table_in_twenty_says_holds():
    generator = np.random.default_rng(0)
    wrong = covered = total = 0
    for _ in range(1000):
        seeds = int(generator.integers(2, 6))
        rows = generator.normal(size=(5, 2, seeds))
        trend = generator.normal(size=(3, 4, seeds))
        questions = [question(Difference(), one.tolist()) for one in rows]
        questions += [question(Trend(), one.tolist()) for one in trend]
        answers = judge(questions)
        wrong += any(answer.verdict == "holds" for answer in answers)
        for answer in answers:
            low, high = answer.interval
            covered, total = covered + (low <= 0 <= high), total + 1
    assert wrong <= 50
    assert 0.93 <= covered / total <= 0.97


def test_effects_are_those_of_scipy():
    generator = np.random.default_rng(1)
    values = generator.normal(0.4, 1, size=7)
    effect = Effect.of(values.tolist())
    theirs = stats.ttest_1samp(values, 0)
    assert effect.chance() == pytest.approx(theirs.pvalue, rel=1e-10)
    assert effect.interval() == pytest.approx(tuple(theirs.confidence_interval()), rel=1e-10)
    upper = stats.ttest_1samp(values, 1, alternative="less").pvalue
    lower = stats.ttest_1samp(values, -1, alternative="greater").pvalue
    assert effect.within(1) == pytest.approx(max(upper, lower), rel=1e-10)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_order_and_never_helps(chances):
    corrected = holm(chances)
    assert all(one >= before for one, before in zip(corrected, chances, strict=True))
    for one, first in zip(chances, corrected, strict=True):
        for other, second in zip(chances, corrected, strict=True):
            assert one > other or first <= second
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_seeds_needed_give_the_power_promised():
    needed = seeds_needed(1.0, 1.0)
    generator = np.random.default_rng(2)
    for seeds, reached in ((needed, True), (needed - 2, False)):
        samples = generator.normal(1.0, 1.0, size=(20_000, seeds))
        share = float((stats.ttest_1samp(samples, 0, axis=1).pvalue < 0.05).mean())
        assert (share > 0.79) is reached
    assert seeds_needed(0.0, 1.0) is None and seeds_needed(0.0, 0.0) is None and seeds_needed(100.0, 1.0) == 2


def test_planted_claims_come_out_as_planted():
    strong, weak = [[10.0, 10.2, 9.9], [1.0, 1.1, 1.2]], [[1.0, 1.1, 1.2], [10.0, 10.2, 9.9]]
    assert verdict(Difference(), strong) == "holds" and verdict(Difference(), weak) == "reversed"
    same = [[3.0, 5.0, 4.0], [3.0, 5.0, 4.0]]
    assert verdict(Difference(), same, margin=0.5) == "no difference"
    assert verdict(Difference(), same) == "undecided"
    assert verdict(Equivalence(), same, margin=0.5) == "holds"
    assert verdict(Equivalence(), strong, margin=0.5) == "reversed"
    rising = [[1.0, 1.1, 0.9], [2.0, 2.2, 2.1], [3.1, 3.0, 2.9]]
    for test in (Trend(), Order()):
        assert verdict(test, rising) == "holds" and verdict(test, rising[::-1]) == "reversed"
    # the last two rows change places: the trend stays, the order does not
    swapped = [rising[0], rising[2], rising[1]]
    assert verdict(Order(), swapped) != "holds"


def test_one_seed_is_undecided_with_a_number_of_seeds():
    alone = question(Difference(), [[5.0], [1.0]], claim="alone")
    answer = judge([alone])[0]
    assert (answer.verdict, answer.interval, answer.more_seeds) == ("undecided", None, 2)
    spread = question(Difference(), [[5.0, 9.0, 7.0], [4.0, 9.0, 6.0]], claim="other")
    with_spread = judge([alone, spread])[0]
    deviation = float(np.std([1.0, 0.0, 1.0], ddof=1))
    assert with_spread.more_seeds == seeds_needed(4.0, deviation) - 1


def test_the_trend_is_the_slope_of_least_squares_times_its_length():
    values = np.random.default_rng(3).normal(size=(5, 4))
    theirs = [4 * stats.linregress(range(5), values[:, seed]).slope for seed in range(4)]
    assert Trend().effect(values.tolist()) == pytest.approx(theirs)
    assert Trend().further([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]])["page_p"] < 0.05
    taus = [stats.kendalltau(range(5), values[:, seed]).statistic for seed in range(4)]
    assert Order().effect(values.tolist()) == pytest.approx(taus)


def test_no_margin_no_equality():
    answer = judge([question(Equivalence(), [[1.0, 2.0], [1.0, 2.0]])])[0]
    assert answer.verdict == "undecided" and "margin" in answer.notes[0]
    assert math.isclose(answer.interval[0], 0)
