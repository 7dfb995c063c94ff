"""What other evaluators are known to get wrong in FID and IS, and ours must not."""

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import GaussianStatistics
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.gaussian import GaussianReference
from t2ibench.metrics.distribution.inception_score import InceptionScore


def test_every_image_counts_for_inception_score():
    """StackGAN's and TISE's script for birds drops what fills no batch of 64, at random."""
    logits = np.random.default_rng(0).normal(0, 2, size=(70, 5))
    whole = InceptionScore().estimate(MetricInput({"logits": logits}))
    assert whole.n == 70
    for image in range(70):
        changed = logits.copy()
        changed[image] = [9, -9, 0, 0, 0]
        assert InceptionScore().estimate(MetricInput({"logits": changed})).value != whole.value


def test_inception_score_is_the_same_at_every_asking():
    """That script shuffles without a seed."""
    logits = np.random.default_rng(0).normal(0, 2, size=(1003, 5))
    values = set()
    for state in range(3):
        np.random.seed(state)  # noqa: NPY002
        torch.manual_seed(state)
        values.add(InceptionScore().estimate(MetricInput({"logits": logits}, seed=7)).value)
    assert len(values) == 1


def test_inception_score_reads_the_judged_images_alone():
    """dgm-eval takes the reference set's logits for the first model's."""
    rng = np.random.default_rng(0)
    mine, reference = rng.normal(0, 1, size=(60, 5)), rng.normal(0, 9, size=(60, 5))
    alone = InceptionScore().estimate(MetricInput({"logits": mine}))
    assert InceptionScore().estimate(MetricInput({"logits": mine}, {"logits": reference})) == alone


@pytest.mark.parametrize("size", [1e3, 1e6, 1e30])
def test_inception_score_of_very_sure_predictions_is_finite(size):
    """StudioGAN takes the logarithm of a softmax that has become 0."""
    logits = size * np.eye(4)[np.arange(80) % 4].astype(np.float32)
    found = InceptionScore(splits=1).estimate(MetricInput({"logits": logits}))
    assert found.value == pytest.approx(4, rel=1e-9)


def test_a_temperature_is_another_question():
    """TISE's table has an uncalibrated 4.10 and a calibrated 12.69 of one model under one name."""
    logits = np.random.default_rng(0).normal(0, 2, size=(200, 50))
    plain = InceptionScore().estimate(MetricInput({"logits": logits})).value
    star = InceptionScore(temperature=0.5980541706).estimate(MetricInput({"logits": logits})).value
    assert star > plain
    divided = InceptionScore().estimate(MetricInput({"logits": logits / 0.5980541706})).value
    assert star == pytest.approx(divided, rel=1e-12)


def test_fid_takes_features_of_any_precision():
    """torch-fidelity asserts equal precision of both sides, and its "float64" is float32."""
    rng = np.random.default_rng(0)
    mine, reference = rng.normal(size=(200, 6)), rng.normal(0.1, 1, size=(200, 6))
    exact = GaussianReference(mine.mean(0), np.cov(mine.T)).distance(reference.mean(0), np.cov(reference.T))
    for one, other in ((np.float32, np.float64), (np.float64, np.float32), (np.float32, np.float32)):
        given = MetricInput({"pool": mine.astype(one)}, {"pool": reference.astype(other)})
        assert FrechetDistance().estimate(given).value == pytest.approx(exact, rel=1e-5)


def test_fid_is_summed_in_double_precision():
    """Far from the origin, products of float32 features lose the covariance."""
    rng = np.random.default_rng(0)
    mine, reference = (1024 + rng.integers(-64, 64, size=(3000, 4)) / 64 for _ in range(2))  # exact in float32
    exact = GaussianReference(mine.mean(0), np.cov(mine.T)).distance(reference.mean(0), np.cov(reference.T))
    given = MetricInput({"pool": mine.astype(np.float32)}, {"pool": reference.astype(np.float32)})
    assert FrechetDistance().estimate(given).value == pytest.approx(exact, rel=1e-6)
    single = mine.astype(np.float32)
    lost = (single.T @ single) / 3000 - np.outer(single.mean(0), single.mean(0))
    assert np.abs(lost - np.cov(mine.T)).max() > 0.01  # what single precision would have made of it


@pytest.mark.parametrize(("count", "refused"), [(1, True), (9, True), (10, False), (None, False)])
def test_statistics_of_few_images_have_the_minimum_of_images(count, refused):
    reference = GaussianStatistics(np.zeros(3), np.eye(3), 100)
    given = MetricInput(
        features={}, statistics=GaussianStatistics(np.ones(3), np.eye(3), count), reference_statistics=reference
    )
    if refused:
        with pytest.raises(UserError, match=f"needs at least 10 images, and the statistics rest on {count}"):
            FrechetDistance().estimate(given)
    else:
        assert FrechetDistance().estimate(given).value == pytest.approx(3)
