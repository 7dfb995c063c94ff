"""Our formulas against torch-fidelity's and clean-fid's, on the same features."""

import numpy as np
import pytest
import torch

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.inception_score import InceptionScore, split_scores


@pytest.fixture(params=[(300, 400, 32), (40, 60, 128)], ids=["more images than features", "fewer"])
def features(request):
    count, others, width = request.param
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(width, width)) / np.sqrt(width)
    return rng.normal(size=(count, width)) @ mixing, 0.2 + rng.normal(size=(others, width))


def test_frechet_distance_is_that_of_torch_fidelity(features):
    metric_fid = pytest.importorskip("torch_fidelity.metric_fid")
    first, second = (metric_fid.fid_features_to_statistics(torch.from_numpy(side)) for side in features)
    theirs = metric_fid.fid_statistics_to_metric(first, second, verbose=False)["frechet_inception_distance"]
    ours = FrechetDistance().estimate(MetricInput({"pool": features[0]}, {"pool": features[1]})).value
    assert ours == pytest.approx(float(theirs), rel=1e-6)


def test_frechet_distance_is_that_of_clean_fid(features):
    fid = pytest.importorskip("cleanfid.fid")
    try:
        theirs = fid.fid_from_feats(*features)
    except TypeError as error:  # clean-fid 0.1.35 asks sqrtm for `disp`, which SciPy 1.18 no longer has
        pytest.skip(f"this clean-fid does not run with this SciPy: {error}")
    ours = FrechetDistance().estimate(MetricInput({"pool": features[0]}, {"pool": features[1]})).value
    # Their square root is of the unsymmetric product: below full rank it is good to some 1e-4 only.
    assert ours == pytest.approx(float(theirs), rel=1e-6 if len(features[0]) > features[0].shape[1] else 1e-3)


def test_inception_score_is_that_of_torch_fidelity_on_the_same_splits():
    metric_isc = pytest.importorskip("torch_fidelity.metric_isc")
    logits = np.random.default_rng(0).normal(0, 2, size=(103, 12))
    theirs = metric_isc.isc_features_to_metric(torch.from_numpy(logits), splits=10, shuffle=False)
    split_of = np.zeros(103, dtype=int)
    for index in range(10):
        split_of[index * 103 // 10 : (index + 1) * 103 // 10] = index
    scores = split_scores(logits, split_of, 10)
    assert scores.mean() == pytest.approx(theirs["inception_score_mean"], rel=1e-9)
    assert scores.std() == pytest.approx(theirs["inception_score_std"], rel=1e-9)
    one = metric_isc.isc_features_to_metric(torch.from_numpy(logits), splits=1, shuffle=False)
    ours = InceptionScore(splits=1).estimate(MetricInput({"logits": logits}))
    assert ours.value == pytest.approx(one["inception_score_mean"], rel=1e-9)


def test_frechet_distance_is_that_of_pytorch_fid(features):
    fid_score = pytest.importorskip("pytorch_fid.fid_score")
    moments = [part for side in features for part in (side.mean(0), np.cov(side, rowvar=False))]
    try:
        theirs = fid_score.calculate_frechet_distance(*moments)
    except TypeError as error:  # pytorch-fid 0.3 asks sqrtm for `disp`, which SciPy 1.18 no longer has
        pytest.skip(f"this pytorch-fid does not run with this SciPy: {error}")
    ours = FrechetDistance().estimate(MetricInput({"pool": features[0]}, {"pool": features[1]})).value
    assert ours == pytest.approx(float(theirs), rel=1e-6 if len(features[0]) > features[0].shape[1] else 1e-3)
