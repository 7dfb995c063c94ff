"""Every registered metric keeps the contract of `interfaces.Metric`, whoever wrote it."""

import math

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import Metric, MetricInput, PerImage, PerSet
from t2ibench.core.registry import registry
from t2ibench.features.language.caption_back import numbers_of

COUNT, WIDTH = 60, 12
PIXELS = 3 * 16 * 16
STATEMENTS = 450
"""Metrics of a part of a judge's statements look for it where it is in the longest list, that of simscenes."""
CROPPED = dict.fromkeys(("crops pool", "crops logits"), 5 * (1 + WIDTH))
"""Of random flags about half are above 0: a crop."""


def given_for(metric, count=COUNT, seed=0):
    rng = np.random.default_rng(seed)
    width = {"statements": STATEMENTS, "pixels": PIXELS, **CROPPED}.get(metric.layer, WIDTH)
    if metric.layer == "sentence":
        return sentences_given(count, rng)
    real = count if getattr(metric, "own_reference", False) else COUNT
    repeats = getattr(metric, "needs_repeats", False)
    queries = np.arange(count) // 2 if repeats else np.arange(count)
    linked = {
        "caption_codes": rng.normal(size=(count, width)),
        "queries": queries,
        "negatives": (queries[:, None] + 1 + np.arange(5)) % count,
    }
    return MetricInput(
        features={metric.layer: rng.normal(size=(count, width)).astype(np.float32)},
        reference={metric.layer: rng.normal(size=(real, width)).astype(np.float32)} if metric.needs_reference else {},
        groups=np.arange(count) // 2,
        training={metric.layer: rng.normal(size=(COUNT, width)).astype(np.float32)}
        if getattr(metric, "needs_training", False)
        else {},
        reference_queries=rng.integers(count, size=COUNT)
        if getattr(metric, "needs_reference_captions", False)
        else None,
        seed=seed,
        swapped_codes=rng.normal(size=(count, width)) if getattr(metric, "needs_swapped_captions", False) else None,
        position_words=["left", "above"] * (count // 2) + ["over"] * (count % 2),
        **(linked if metric.caption_linked else {}),
    )


def sentences_given(count, rng):
    """Captions of birds and of scenes at once, whatever a metric reads."""
    colours = ("red", "blue", "white", "green")
    captions = [f"a bird with {colour} wings and a {other} ball" for colour in colours for other in colours]
    said = numbers_of([captions[place] for place in rng.integers(len(captions), size=count)]).numpy()
    return MetricInput(
        {"sentence": said},
        groups=np.arange(count) // 2,
        caption_codes=numbers_of([captions[place] for place in rng.integers(len(captions), size=count)]).numpy(),
        queries=np.arange(count),
    )


@pytest.fixture(params=sorted(registry("metrics")))
def metric(request):
    return registry("metrics")[request.param]()


def test_it_offers_the_whole_protocol(metric):
    assert isinstance(metric, Metric)
    assert metric.title and metric.layer and metric.version >= 1 and metric.minimum_n >= 2
    assert metric.unit in ("", "%")
    assert registry("metrics")[metric.name] is type(metric)


def test_its_value_is_finite_and_lies_in_its_interval(metric):
    found = metric.estimate(given_for(metric))
    assert math.isfinite(found.value) and found.n == COUNT
    assert found.interval is not None and found.interval.method
    assert found.interval.low <= found.value <= found.interval.high
    assert all(math.isfinite(value) for value in found.spread.values())


def test_it_is_a_pure_function(metric):
    given = given_for(metric)
    before = {layer: array.copy() for layer, array in given.features.items()}
    np.random.seed(1)  # noqa: NPY002  # the global generator is what must not matter
    state = np.random.get_state()[1].tolist()  # noqa: NPY002
    first, second = metric.estimate(given), metric.estimate(given)
    assert first == second
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    for layer, array in before.items():
        np.testing.assert_array_equal(given.features[layer], array)


def test_it_refuses_one_image_less_than_its_minimum(metric):
    assert math.isfinite(metric.estimate(given_for(metric, max(metric.minimum_n, 6))).value)
    with pytest.raises(UserError, match=r"at least .* and was given"):
        metric.estimate(given_for(metric, metric.minimum_n - 1))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_it_refuses_features_that_are_not_finite(metric, bad):
    given = given_for(metric)
    given.features[metric.layer][3, 2] = bad
    with pytest.raises(UserError, match="not finite"):
        metric.estimate(given)


def test_a_missing_layer_is_a_sentence(metric):
    with pytest.raises(UserError, match=metric.layer):
        metric.estimate(MetricInput({"another": np.zeros((COUNT, WIDTH))}))


def test_it_takes_one_image_an_image_or_no_groups_at_all(metric):
    given = given_for(metric)
    alone = MetricInput(**{**vars(given), "groups": None})
    assert metric.estimate(alone).value == pytest.approx(metric.estimate(given).value, rel=1e-12)


def test_it_can_be_compared_with_another_row_on_the_same_captions(metric):
    given = given_for(metric)
    value = metric.estimate(given).value
    if isinstance(metric, PerImage):
        values = metric.image_values(given)
        assert values.shape == (COUNT,)
        assert values.mean() == pytest.approx(value, rel=1e-9)
    else:
        assert isinstance(metric, PerSet), "`t2ibench compare` needs image_values or jackknife"
        whole, left_out = metric.jackknife(given)
        assert whole == pytest.approx(value, rel=1e-9)
        assert len(left_out) in (20, COUNT // 2) and all(math.isfinite(one) for one in left_out)
