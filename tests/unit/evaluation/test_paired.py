"""A paired comparison sees what two separate intervals cannot, and says nothing where nothing is."""

import numpy as np
import pytest

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Interval
from t2ibench.evaluation.paired import Difference, paired_difference
from t2ibench.metrics.alignment.clip_score import CLIPScore
from t2ibench.metrics.alignment.r_precision import RPrecision
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.inception_score import InceptionScore
from t2ibench.metrics.pairs.kid import KernelDistance


def scored(cosines, **rest):
    """Images whose CLIPScores are 100 times `cosines`."""
    images = np.stack([cosines, np.sqrt(1 - cosines**2)], axis=1)
    return MetricInput(
        {"image": images},
        caption_codes=np.tile([1.0, 0.0], (len(cosines), 1)),
        queries=np.arange(len(cosines)),
        groups=np.arange(len(cosines)) // 2,
        **rest,
    )


def test_a_small_steady_difference_is_clear_though_the_intervals_overlap():
    rng = np.random.default_rng(0)
    hardness = rng.uniform(0.1, 0.8, size=200)
    ours, theirs = scored(hardness + 0.02), scored(hardness + 0.005 * rng.normal(size=200))
    metric = CLIPScore()
    apart = [metric.estimate(one).interval for one in (ours, theirs)]
    assert apart[0].low < apart[1].high, "two separate intervals overlap"
    found = paired_difference(metric, ours, theirs)
    assert found.value == pytest.approx(2.0, abs=0.2)
    assert found.interval.low <= found.value <= found.interval.high
    assert found.verdict(higher_is_better=True) == "first"
    assert paired_difference(metric, theirs, ours).verdict(higher_is_better=True) == "second"


@pytest.mark.parametrize("metric", [CLIPScore(), RPrecision()])
def test_the_same_images_show_no_clear_difference(metric):
    rng = np.random.default_rng(1)
    given = scored(rng.uniform(0.1, 0.8, size=60), negatives=(np.arange(60)[:, None] + np.arange(1, 6)) % 60)
    found = paired_difference(metric, given, given)
    assert found.value == 0 and found.verdict(higher_is_better=True) == "no clear difference"


def test_the_difference_is_that_of_the_two_values_and_turns_with_its_sides():
    rng = np.random.default_rng(2)
    reference = rng.normal(size=(80, 5))
    first = MetricInput({"pool": rng.normal(size=(90, 5))}, {"pool": reference}, groups=np.arange(90) // 3)
    second = MetricInput({"pool": rng.normal(0.5, 1, size=(90, 5))}, {"pool": reference}, groups=np.arange(90) // 3)
    for metric in (FrechetDistance(), KernelDistance()):
        found, turned = paired_difference(metric, first, second), paired_difference(metric, second, first)
        assert found.value == metric.estimate(first).value - metric.estimate(second).value
        assert turned.value == -found.value
        assert (turned.interval.low, turned.interval.high) == pytest.approx((-found.interval.high, -found.interval.low))
        assert found.verdict(higher_is_better=False) == "first", "the nearer one has the lower distance"
        assert "paired by caption" in found.interval.method and "reference fixed" in found.interval.method


def test_pairing_narrows_the_interval_where_images_go_together():
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 2, size=(200, 6))
    first = MetricInput({"logits": logits})
    second = MetricInput({"logits": logits + 0.1 * rng.normal(size=logits.shape)})
    metric = InceptionScore(splits=1)
    widths = [metric.estimate(one).interval.high - metric.estimate(one).interval.low for one in (first, second)]
    found = paired_difference(metric, first, second).interval
    assert found.high - found.low < 0.5 * np.hypot(*widths)


def test_differences_of_equal_models_seem_clear_about_one_time_in_twenty():
    rng = np.random.default_rng(4)
    clear = 0
    for trial in range(100):
        hardness = rng.normal(0.5, 0.1, size=60)
        ours, theirs = (scored(np.clip(hardness + 0.05 * rng.normal(size=60), 0, 0.99), seed=trial) for _ in range(2))
        clear += paired_difference(CLIPScore(), ours, theirs).verdict(higher_is_better=True) != "no clear difference"
    assert clear <= 13


def test_a_metric_without_either_form_has_no_verdict():
    class Count:
        layer = "image"

        def estimate(self, given):
            from t2ibench.core.types import Estimate

            return Estimate(float(given.features["image"].sum()), None, len(given.features["image"]))

    found = paired_difference(Count(), scored(np.full(4, 0.5)), scored(np.full(4, 0.6)))
    assert found.interval is None and found.verdict(higher_is_better=True) == "no verdict"


@pytest.mark.parametrize(
    ("low", "high", "higher_is_better", "verdict"),
    [(1, 2, True, "first"), (1, 2, False, "second"), (-2, -1, True, "second"), (-1, 2, True, "no clear difference")],
)
def test_the_verdict_follows_the_interval_and_the_direction(low, high, higher_is_better, verdict):
    found = Difference(0.0, 0.0, Interval(low, high, 0.95, "m"), 10)
    assert found.verdict(higher_is_better=higher_is_better) == verdict


def test_rows_of_different_length_are_no_pair():
    with pytest.raises(ValueError, match="one plan"):
        paired_difference(CLIPScore(), scored(np.full(20, 0.5)), scored(np.full(21, 0.5)))
