"""What must not change a metric, and what its interval must cover."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.r_precision import retrieval_hits
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.gaussian import Moments
from t2ibench.metrics.distribution.inception_score import InceptionScore
from t2ibench.metrics.intervals import hit_rate_interval, jackknife_parts, keyed_order

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(0, 57))
@settings(max_examples=30, deadline=None)
def test_moments_without_a_part_are_those_of_the_rest(seed, cut):
    features = np.random.default_rng(seed).normal(3, 2, size=(60, 5))
    rest, left = Moments.of(features).without(Moments.of(features[:cut])), features[cut:]
    assert rest.count == 60 - cut
    np.testing.assert_allclose(rest.mean, left.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(rest.covariance, np.cov(left, rowvar=False), rtol=1e-9, atol=1e-11)


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_fid_does_not_change_under_rotation_or_order(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(40, 6)), rng.normal(1, 2, size=(50, 6))
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    metric = FrechetDistance()
    plain = metric.estimate(MetricInput({"pool": first}, {"pool": second})).value
    turned = metric.estimate(MetricInput({"pool": first @ turn}, {"pool": second @ turn})).value
    mixed = metric.estimate(MetricInput({"pool": rng.permutation(first)}, {"pool": rng.permutation(second)})).value
    swapped = metric.estimate(MetricInput({"pool": second}, {"pool": first})).value
    assert turned == pytest.approx(plain, rel=1e-9)
    assert mixed == pytest.approx(plain, rel=1e-9)
    assert swapped == pytest.approx(plain, rel=1e-9)


@given(seeds, st.permutations(range(6)))
@settings(max_examples=15, deadline=None)
def test_inception_score_does_not_depend_on_the_order_of_classes(seed, order):
    logits = np.random.default_rng(seed).normal(0, 3, size=(50, 6))
    score = InceptionScore()
    first = score.estimate(MetricInput({"logits": logits})).value
    assert score.estimate(MetricInput({"logits": logits[:, list(order)]})).value == pytest.approx(first, rel=1e-12)
    assert 1 <= first <= 6


@given(seeds)
@settings(max_examples=15, deadline=None)
def test_hits_follow_their_images_when_the_order_changes(seed):
    rng = np.random.default_rng(seed)
    images, captions = rng.normal(size=(30, 4)), rng.normal(size=(40, 4))
    queries, negatives = np.arange(30), rng.integers(30, 40, size=(30, 7))
    hits = retrieval_hits(images, captions, queries, negatives)
    order = rng.permutation(30)
    np.testing.assert_array_equal(
        retrieval_hits(images[order], captions, queries[order], negatives[order]), hits[order]
    )
    np.testing.assert_array_equal(retrieval_hits(5 * images, captions, queries, negatives), hits)


def test_the_temperature_makes_a_classifier_surer():
    logits = np.random.default_rng(0).normal(size=(100, 5))
    plain = InceptionScore().estimate(MetricInput({"logits": logits})).value
    assert InceptionScore(temperature=0.5).estimate(MetricInput({"logits": logits})).value > plain


def test_images_of_one_group_leave_the_jackknife_together():
    groups = np.arange(60) // 3
    parts = jackknife_parts(groups, seed=0)
    assert np.sum(parts, axis=0).tolist() == [1] * 60
    for part in parts:
        assert not set(groups[part]) & set(groups[~part])


def test_keyed_orders_are_the_same_on_every_machine():
    assert keyed_order(8, 0, "folds").tolist() == [2, 6, 1, 4, 7, 0, 3, 5]
    assert sorted(keyed_order(100, 1, "x").tolist()) == list(range(100))
    assert keyed_order(100, 1, "x").tolist() != keyed_order(100, 2, "x").tolist()


def test_the_interval_of_hits_widens_where_images_of_one_image_agree():
    hits = np.repeat(np.arange(50) % 2, 4).astype(float)
    alone = hit_rate_interval(hits, np.arange(200))
    grouped = hit_rate_interval(hits, np.arange(200) // 4)
    assert grouped.high - grouped.low == pytest.approx(2 * (alone.high - alone.low), rel=0.05)


def test_the_interval_of_hits_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        rates = np.repeat(rng.beta(2, 8, size=60), 3)
        found = hit_rate_interval((rng.random(180) < rates).astype(float), np.arange(180) // 3)
        inside += found.low <= 0.2 <= found.high
    assert 0.92 <= inside / 400 <= 0.98


def test_the_interval_of_fid_covers_a_repetition_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    reference = rng.normal(size=(400, 6))
    draws = [rng.normal(0.3, 1.2, size=(200, 6)) for _ in range(60)]
    found = [FrechetDistance().estimate(MetricInput({"pool": draw}, {"pool": reference})) for draw in draws]
    centre = np.mean([estimate.value for estimate in found])
    inside = np.mean([estimate.interval.low <= centre <= estimate.interval.high for estimate in found])
    assert inside >= 0.85
