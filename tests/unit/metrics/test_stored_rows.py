"""Features that stay on disk give the numbers of features in memory, and are not read whole where sums will do."""

import itertools

import numpy as np
import pytest
from scipy.special import softmax

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.storage.store import ARRAYS, Store
from t2ibench.core.storage.stored_rows import StoredRows
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.inception_score import InceptionScore, keyed_splits


@pytest.fixture
def stored(tmp_path):
    """Writes rows in pieces of uneven length."""
    store = Store(tmp_path)

    def write(values, layer):
        pieces, cuts = [], [0, 7, 300, 301, len(values)]
        for start, stop in itertools.pairwise(cuts):
            key = {"start": start, "first": float(values[0, 0])}
            store.put("features", key, {layer: values[start:stop], "_other": np.zeros(3)})
            pieces.append((store.path("features", key) / ARRAYS, stop - start))
        return StoredRows(pieces, layer, values.shape[1])

    return write


def draw(rows, width, seed=0, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(rows, width)) + shift).astype(np.float32)


def test_stored_rows_read_like_an_array(stored):
    values = draw(500, 6)
    rows = stored(values, "pool")
    assert rows.shape == values.shape and len(rows) == 500 and rows.ndim == 2
    assert np.array_equal(np.asarray(rows), values) and np.asarray(rows, dtype=np.float64).dtype == np.float64
    for wanted in (slice(0, 500), slice(5, 9), slice(290, 310), slice(400, 900), slice(3, 3)):
        assert np.array_equal(rows[wanted], values[wanted])
    mask = np.random.default_rng(1).random(500) < 0.2
    assert np.array_equal(rows[mask], values[mask])
    assert np.array_equal(np.concatenate([block for _, block in rows.blocks()]), values)
    for wrong in (slice(0, 10, 2), np.arange(3), mask[:-1]):
        with pytest.raises(IndexError):
            rows[wrong]


@pytest.mark.parametrize("metric", [FrechetDistance(), InceptionScore(splits=4, temperature=0.7)])
def test_the_numbers_are_the_same_and_nothing_is_read_whole(stored, metric, monkeypatch):
    layer = metric.layer
    values, other = 3 * draw(900, 12), draw(700, 12, 1, 0.3)
    groups = np.arange(900) // 2
    held = metric.estimate(MetricInput({layer: values}, reference={layer: other}, groups=groups, seed=5))
    given = MetricInput({layer: stored(values, layer)}, reference={layer: stored(other, layer)}, groups=groups, seed=5)
    monkeypatch.setattr(StoredRows, "__array__", lambda *_, **__: pytest.fail("all rows were read at once"))
    found = metric.estimate(given)
    assert found.value == pytest.approx(held.value, rel=1e-12)
    assert (found.interval.low, found.interval.high) == pytest.approx((held.interval.low, held.interval.high), rel=1e-9)


def test_sums_of_predictions_give_the_scores_of_predictions():
    logits = 2 * draw(900, 9)
    groups = np.arange(900) // 3
    estimate = InceptionScore(splits=5).estimate(MetricInput({"logits": logits}, groups=groups, seed=2))
    p, split_of = softmax(logits.astype(np.float64), axis=1), keyed_splits(900, 5, 2)
    kept = [p[split_of == split] for split in range(5)]
    expected = np.array([np.exp((one * np.log(one / one.mean(axis=0))).sum(axis=1).mean()) for one in kept])
    assert estimate.value == pytest.approx(float(expected.mean()), rel=1e-12)
    assert estimate.spread["std over 5 splits"] == pytest.approx(float(expected.std()), rel=1e-9)


@pytest.mark.parametrize(("count", "has_interval"), [(20, False), (29, False), (30, True)])
def test_inception_score_has_no_interval_below_three_a_split(count, has_interval):
    estimate = InceptionScore().estimate(MetricInput({"logits": draw(count, 9)}, groups=np.arange(count), seed=2))
    assert (estimate.interval is not None) == has_interval


def test_numbers_that_are_not_finite_are_counted_on_disk_too(stored):
    from t2ibench.core.errors import UserError

    values = draw(500, 6)
    values[[3, 450]] = np.nan
    given = MetricInput({"pool": stored(values, "pool")}, reference={"pool": draw(50, 6)})
    with pytest.raises(UserError, match="2 of 500 images are not finite"):
        FrechetDistance().estimate(given)
