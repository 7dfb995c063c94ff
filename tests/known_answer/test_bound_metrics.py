"""Likelihood bound and retrieval by it, on tables small enough to count by hand."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.bound_retrieval import BoundMedianRank, BoundRecall, own_ranks
from t2ibench.metrics.alignment.likelihood_bound import LikelihoodBound

# A row a caption, its own image first: it stands 1st, 2nd, 4th, tied with one other for 1st, 1st, 3rd.
BOUNDS = np.array(
    [[-1, -2, -3, -4], [-2, -1, -3, -4], [-9, -1, -2, -3], [-1, -1, -2, -3], [0, -5, -6, -7], [-3, -1, -2, -9]], float
)


def test_ranks():
    assert own_ranks(BOUNDS).tolist() == [1, 2, 4, 1.5, 1, 3]


@pytest.mark.parametrize(("k", "percent"), [(1, 100 * 2 / 6), (2, 100 * 4 / 6), (3, 100 * 5 / 6)])
def test_recall(k, percent):
    assert BoundRecall(k=k).estimate(MetricInput({"candidates": BOUNDS})).value == pytest.approx(percent)


def test_more_places_than_candidates_say_nothing():
    with pytest.raises(UserError, match="more of them"):
        BoundRecall(k=4).estimate(MetricInput({"candidates": BOUNDS}))


def test_median_rank():
    found = BoundMedianRank().estimate(MetricInput({"candidates": BOUNDS}))
    assert found.value == pytest.approx(1.75) and found.interval.low == 1 and found.interval.high == 4


def test_bound_is_the_mean_over_draws_and_images_with_its_sign_turned():
    bounds = np.array([[-10.0, -14.0], [-20.0, -20.0], [-3.0, -5.0]])
    found = LikelihoodBound().estimate(MetricInput({"bound": bounds}))
    assert found.value == pytest.approx((12 + 20 + 4) / 3) and not LikelihoodBound.higher_is_better
    assert found.interval.low <= found.value <= found.interval.high
