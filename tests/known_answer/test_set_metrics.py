"""KID, precision, recall, density, coverage and FID at infinity on sets whose answers are known in closed form."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.distribution.fid_infinity import FrechetDistanceInfinity, intercept
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.pairs.coverage import Coverage
from t2ibench.metrics.pairs.density import Density
from t2ibench.metrics.pairs.kernel_sums import kernel_sums, polynomial_kernel
from t2ibench.metrics.pairs.kid import KernelDistance
from t2ibench.metrics.pairs.precision import Precision
from t2ibench.metrics.pairs.recall import Recall

NEIGHBOUR_METRICS = (Precision, Recall, Density, Coverage)
LINE = np.arange(10.0)[:, None]  # every point's nearest other is 1 away


def between(features, reference, **rest):
    return MetricInput({"pool": features}, {"pool": reference}, **rest)


def cubic_mmd2(first: np.ndarray, second: np.ndarray) -> float:
    return kernel_sums(first, second, polynomial_kernel()).whole()


def test_mmd_of_two_pairs_of_numbers_by_hand():
    # k(x, y) = (xy + 1)^3: k(1, 2) = 27, k(0, 3) = 1, cross: k(1,0) = 1, k(1,3) = 64, k(2,0) = 1, k(2,3) = 343
    found = cubic_mmd2(np.array([[1.0], [2.0]]), np.array([[0.0], [3.0]]))
    assert found == pytest.approx(27 + 1 - 2 * (1 + 64 + 1 + 343) / 4)


def test_kid_of_gaussians_is_the_difference_of_their_first_three_moments():
    # For d = 1 the kernel has finitely many features: MMD^2 = (m3 - m3')^2 + 3 (m2 - m2')^2 + 3 (m1 - m1')^2.
    rng = np.random.default_rng(0)
    found = [cubic_mmd2(rng.normal(0.5, 1.0, (100, 1)), rng.normal(0.0, 1.2, (120, 1))) for _ in range(800)]
    moments = (0.5, 0.5**2 + 1, 0.5**3 + 3 * 0.5), (0.0, 1.2**2, 0.0)
    expected = sum(w * (a - b) ** 2 for w, a, b in zip((3, 3, 1), *moments, strict=True))
    assert np.mean(found) == pytest.approx(expected, abs=3 * np.std(found) / np.sqrt(len(found)))
    assert np.std(found) / np.sqrt(len(found)) < 0.1 * expected


def test_kid_has_no_bias_at_small_n():
    rng = np.random.default_rng(1)
    found = [cubic_mmd2(rng.normal(size=(12, 4)), rng.normal(size=(15, 4))) for _ in range(3000)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
    assert min(found) < 0 < max(found), "an unbiased estimate of 0 falls on both sides"


def test_the_mean_over_subsets_of_everything_is_the_full_estimate():
    rng = np.random.default_rng(2)
    given = between(rng.normal(size=(40, 6)), rng.normal(0.3, 1, size=(40, 6)))
    subsets = KernelDistance(estimator="subsets", subsets=3, subset_size=1000).estimate(given)
    assert subsets.value == pytest.approx(KernelDistance().estimate(given).value, rel=1e-12)
    assert subsets.spread["std over 3 subsets of 40"] == pytest.approx(0, abs=1e-12)


def test_kid_takes_sets_below_the_libraries_subset_size_of_1000():
    rng = np.random.default_rng(3)
    found = KernelDistance().estimate(between(rng.normal(size=(60, 5)), rng.normal(size=(33, 5))))
    assert list(found.spread) == ["std over 100 subsets of 33"] and found.n == 60


@pytest.mark.parametrize("options", [{"estimator": "half"}, {"estimator": "subsets", "subsets": 0}, {"subset_size": 1}])
def test_kid_names_an_option_that_makes_no_sense(options):
    with pytest.raises(UserError, match="KID"):
        KernelDistance(**options)


def test_precision_counts_exactly_the_planted_images():
    inside = np.linspace(-0.9, 9.9, 7)[:, None]
    outside = np.array([[-1.5], [10.5], [40.0]])
    found = Precision(neighbour=1).estimate(between(np.concatenate([inside, outside]), LINE))
    assert found.value == pytest.approx(0.7)
    assert found.interval.low < 0.7 < found.interval.high


def test_recall_is_precision_with_the_sides_exchanged():
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(60, 3)), rng.normal(0.7, 1.4, size=(50, 3))
    assert Recall().estimate(between(first, second)).value == Precision().estimate(between(second, first)).value


def test_density_counts_balls_and_coverage_their_visitors():
    # Between two points of the line one lies in two open balls of radius 1; on a point, in that point's alone.
    halves, points = np.full((10, 1), 4.5), np.full((10, 1), 4.0)
    assert Density(neighbour=1).estimate(between(halves, LINE)).value == pytest.approx(2.0)
    assert Density(neighbour=1).estimate(between(points, LINE)).value == pytest.approx(1.0)
    assert Density(neighbour=1).estimate(between(halves + 100, LINE)).value == 0.0
    assert Coverage(neighbour=1).estimate(between(halves, LINE)).value == pytest.approx(0.2)
    assert Coverage(neighbour=1).estimate(between(points, LINE)).value == pytest.approx(0.1)


@pytest.mark.parametrize("metric", NEIGHBOUR_METRICS)
@pytest.mark.parametrize("offset", [0, 1000])
def test_a_set_against_itself_is_perfect_whatever_rounding_does(metric, offset):
    # The ground truth is made of the reference images: distances are exactly 0, and radii exactly distances.
    reference = (offset + np.random.default_rng(5).normal(size=(80, 16))).astype(np.float32)
    assert metric().estimate(between(reference.copy(), reference)).value == 1.0
    twice = np.concatenate([reference, reference])
    if metric is not Density:
        assert metric().estimate(between(twice, reference)).value == 1.0


@pytest.mark.parametrize("metric", [Recall, Coverage])
def test_nothing_found_is_zero_but_not_certainly_zero(metric):
    rng = np.random.default_rng(6)
    found = metric().estimate(between(rng.normal(size=(50, 4)), 100 + 20 * rng.normal(size=(60, 4))))
    assert found.value == 0.0 and found.interval.low == 0.0 and 0 < found.interval.high < 0.2


@pytest.mark.parametrize("metric", NEIGHBOUR_METRICS)
def test_a_neighbour_below_one_is_refused(metric):
    with pytest.raises(UserError, match="neighbour >= 1"):
        metric(neighbour=0)


def test_the_intercept_of_a_straight_line_is_exact():
    counts = [600, 300, 200]
    assert intercept(counts, [7 + 900 / n for n in counts]) == pytest.approx(7, rel=1e-12)


def test_fid_at_infinity_is_what_fid_tends_to():
    rng = np.random.default_rng(7)
    reference, many = rng.normal(size=(20_000, 12)), rng.normal(0.2, 1.1, size=(40_000, 12))
    limit = FrechetDistance().estimate(between(many, reference)).value
    few = between(many[:600], reference)
    plain, extrapolated = FrechetDistance().estimate(few), FrechetDistanceInfinity().estimate(few)
    assert plain.value > limit + 0.1, "600 images overstate FID"
    assert extrapolated.interval.low <= limit <= extrapolated.interval.high
    assert abs(extrapolated.value - limit) < 0.5 * (plain.value - limit)


def test_fid_at_infinity_refuses_what_is_no_straight_line():
    rng = np.random.default_rng(8)
    with pytest.raises(UserError, match="at least 195 images for 64 features and was given 120"):
        FrechetDistanceInfinity().estimate(between(rng.normal(size=(120, 64)), rng.normal(size=(300, 64))))
