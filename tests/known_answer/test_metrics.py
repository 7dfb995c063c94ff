"""Metrics on inputs whose answer is known in closed form."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.r_precision import RPrecision, retrieval_hits
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.gaussian import GaussianReference, Moments, gram_influence
from t2ibench.metrics.distribution.inception_score import InceptionScore


def test_frechet_distance_of_commuting_gaussians_is_the_sum_over_axes():
    rng = np.random.default_rng(0)
    axes, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    first, second = rng.uniform(0.1, 4, 6), rng.uniform(0.1, 4, 6)
    mean = rng.normal(size=6)
    found = GaussianReference(mean, axes * first @ axes.T).distance(np.zeros(6), axes * second @ axes.T)
    assert found == pytest.approx((mean**2).sum() + ((np.sqrt(first) - np.sqrt(second)) ** 2).sum(), rel=1e-12)


def test_frechet_distance_on_one_axis_is_the_textbook_formula():
    first, second = np.array([[4.0]]), np.array([[9.0]])
    assert GaussianReference(np.array([1.0]), first).distance(np.array([3.0]), second) == pytest.approx(
        2**2 + (2 - 3) ** 2
    )


def test_frechet_distance_takes_covariances_without_full_rank():
    flat = np.diag([1.0, 0.0, 0.0])
    other = np.diag([0.0, 4.0, 0.0])
    assert GaussianReference(np.zeros(3), flat).distance(np.zeros(3), other) == pytest.approx(5.0, abs=1e-9)
    assert GaussianReference(np.zeros(3), flat).distance(np.zeros(3), np.zeros((3, 3))) == pytest.approx(1.0, abs=1e-9)


ROUTES = [(30, 40, 8), (12, 15, 64), (40, 12, 24)]


@pytest.mark.parametrize(("count", "others", "width"), ROUTES)
def test_all_routes_to_the_frechet_distance_and_its_influences_agree(count, others, width):
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(count, width)), 0.5 + 1.7 * rng.normal(size=(others, width))
    one, two = Moments.of(first), Moments.of(second)
    gaussian = GaussianReference(two.mean, two.covariance)
    direct = gaussian.distance(one.mean, one.covariance)
    found = gaussian.influence(first, one), gaussian.by_rows(first), gram_influence(first, second)
    for value, influence in found:
        assert value == pytest.approx(direct, rel=1e-7)
        assert influence.sum() == pytest.approx(0, abs=1e-9)
        np.testing.assert_allclose(influence, found[-1][1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("count", "others", "width"), ROUTES)
def test_an_images_influence_is_the_derivative_of_the_distance_by_its_weight(count, others, width):
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(count, width)), 0.5 + 1.7 * rng.normal(size=(others, width))
    others = (second - second.mean(axis=0)) / np.sqrt(len(second) - 1)

    def weighted(image, step):
        weights = np.full(count, (1 - step) / count) + step * (np.arange(count) == image)
        mean = weights @ first
        centred = np.sqrt(weights * count / (count - 1))[:, None] * (first - mean)
        shared = np.linalg.svd(centred @ others.T, compute_uv=False).sum()
        return ((mean - second.mean(axis=0)) ** 2).sum() + (centred**2).sum() - 2 * shared

    _, influence = gram_influence(first, second)
    for image in range(4):
        slope = (weighted(image, 1e-4) - weighted(image, -1e-4)) / 2e-4
        assert influence[image] == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_fid_of_a_set_with_itself_is_zero_and_of_a_shifted_one_the_squared_shift():
    features = np.random.default_rng(2).normal(size=(50, 8)).astype(np.float32)
    itself = FrechetDistance().estimate(MetricInput({"pool": features}, {"pool": features}))
    assert itself.value == pytest.approx(0, abs=1e-9)
    shifted = FrechetDistance().estimate(MetricInput({"pool": features + np.float32(2)}, {"pool": features}))
    assert shifted.value == pytest.approx(8 * 4, rel=1e-6)


def test_inception_score_of_a_classifier_that_says_nothing_is_one():
    found = InceptionScore().estimate(MetricInput({"logits": np.full((100, 7), 3.0)}))
    assert found.value == pytest.approx(1, abs=1e-12)
    assert found.spread["std over 10 splits"] == pytest.approx(0, abs=1e-12)


def test_inception_score_of_sure_and_balanced_predictions_is_the_number_of_classes():
    logits = np.where(np.eye(5, dtype=bool)[np.arange(100) % 5], 1000.0, -1000.0)
    assert InceptionScore(splits=1).estimate(MetricInput({"logits": logits})).value == pytest.approx(5, rel=1e-12)


def test_inception_score_of_two_equal_groups_is_known():
    # Half of the images are surely class 0, half are undecided between 0 and 1: KL(p || m) by hand.
    logits = np.array([[50.0, -50.0]] * 40 + [[0.0, 0.0]] * 40)
    marginal = np.array([0.75, 0.25])
    kl_divergence = 0.5 * np.log(1 / 0.75) + 0.5 * (0.5 * np.log(0.5 / marginal)).sum()
    found = InceptionScore(splits=1).estimate(MetricInput({"logits": logits}))
    assert found.value == pytest.approx(np.exp(kl_divergence), rel=1e-9)


def planted(hits, count=200, negatives=99):
    """Captions are axes; the first `hits` images lie on their own caption, the rest on their first negative."""
    rng = np.random.default_rng(3)
    queries = np.arange(count)
    table = np.stack([rng.choice(np.delete(queries, own), negatives, replace=False) for own in queries])
    target = np.where(np.arange(count) < hits, queries, table[:, 0])
    return MetricInput(
        features={"image": np.eye(count)[target]}, caption_codes=np.eye(count), queries=queries, negatives=table
    )


@pytest.mark.parametrize("hits", [0, 1, 77, 200])
def test_r_precision_counts_exactly_the_planted_hits(hits):
    found = RPrecision().estimate(planted(hits))
    assert found.value == pytest.approx(100 * hits / 200, abs=1e-12)
    assert found.interval.low <= found.value <= found.interval.high
    assert found.interval.low < found.interval.high, "no number of hits is certain"


def test_r_precision_of_a_judge_that_sees_no_difference_is_chance():
    given = planted(0)
    blind = MetricInput(
        features={"image": np.ones((200, 4))},
        caption_codes=np.ones((200, 4)),
        queries=given.queries,
        negatives=given.negatives,
    )
    assert RPrecision().estimate(blind).value == pytest.approx(1.0)


def test_r_precision_of_random_codes_is_near_chance():
    rng = np.random.default_rng(4)
    captions = rng.normal(size=(500, 16))
    queries = rng.integers(500, size=4000)
    negatives = (queries[:, None] + 1 + np.stack([rng.permutation(499)[:99] for _ in queries])) % 500
    given = MetricInput({"image": rng.normal(size=(4000, 16))}, caption_codes=captions, queries=queries,
                        negatives=negatives)  # fmt: skip
    found = RPrecision().estimate(given)
    assert found.interval.low <= 1.0 <= found.interval.high


def test_a_tie_counts_by_the_number_of_captions_it_is_shared_with():
    captions = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    hits = retrieval_hits(np.array([[2.0, 0]]), captions, np.array([0]), np.array([[1, 2, 3]]))
    assert hits == pytest.approx([1 / 3])


@pytest.mark.parametrize(
    ("metric", "given"),
    [
        (InceptionScore(), MetricInput({"logits": np.zeros((19, 3))})),
        (FrechetDistance(), MetricInput({"pool": np.zeros((9, 3))}, {"pool": np.zeros((50, 3))})),
        (FrechetDistance(), MetricInput({"pool": np.zeros((50, 3))}, {"pool": np.zeros((3, 3))})),
        (RPrecision(), planted(3, count=9, negatives=2)),
    ],
)
def test_too_few_images_are_refused_with_a_sentence_and_never_become_nan(metric, given):
    with pytest.raises(UserError, match="needs at least"):
        metric.estimate(given)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(bad):
    features = np.zeros((50, 3))
    features[7, 1] = bad
    with pytest.raises(UserError, match="1 of 50 images are not finite"):
        InceptionScore().estimate(MetricInput({"logits": features}))
    with pytest.raises(UserError, match="not finite"):
        FrechetDistance().estimate(MetricInput({"pool": features}, {"pool": np.zeros((50, 3))}))
