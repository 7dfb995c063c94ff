"""Properties of the set metrics, the formulas of torch-fidelity and clean-fid on the same features, and intervals."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.r_precision import RPrecision
from t2ibench.metrics.distribution.fid_infinity import FrechetDistanceInfinity
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.inception_score import InceptionScore
from t2ibench.metrics.intervals import jackknife_parts, mean_interval
from t2ibench.metrics.pairs import one_pass, tiles
from t2ibench.metrics.pairs.coverage import Coverage
from t2ibench.metrics.pairs.density import Density
from t2ibench.metrics.pairs.kernel_sums import kernel_sums, polynomial_kernel
from t2ibench.metrics.pairs.kid import KernelDistance
from t2ibench.metrics.pairs.precision import Precision
from t2ibench.metrics.pairs.recall import Recall

seeds = st.integers(0, 2**32 - 1)
NEIGHBOUR_METRICS = (Precision, Recall, Density, Coverage)


def between(features, reference, **rest):
    return MetricInput({"pool": features}, {"pool": reference}, **rest)


def draw(seed, count=30, others=26, width=4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)), 0.4 + 1.3 * rng.normal(size=(others, width)), rng


def by_loops(features, reference, k):
    """Precision, recall, density, coverage as the papers' definitions, pair by pair."""

    def radius(points, index):
        return sorted(np.linalg.norm(points - points[index], axis=1))[k]

    real = [radius(reference, j) for j in range(len(reference))]
    made = [radius(features, i) for i in range(len(features))]
    near = np.linalg.norm(features[:, None] - reference[None], axis=2)
    return (
        np.mean([any(near[i, j] <= real[j] for j in range(len(reference))) for i in range(len(features))]),
        np.mean([any(near[i, j] <= made[i] for i in range(len(features))) for j in range(len(reference))]),
        np.mean([sum(near[i, j] < real[j] for j in range(len(reference))) / k for i in range(len(features))]),
        np.mean([any(near[i, j] < real[j] for i in range(len(features))) for j in range(len(reference))]),
    )


@given(seeds, st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_neighbour_metrics_are_their_definitions(seed, neighbour):
    features, reference, _ = draw(seed, 24, 20, 3)
    found = [metric(neighbour=neighbour).estimate(between(features, reference)) for metric in NEIGHBOUR_METRICS]
    assert [one.value for one in found] == pytest.approx(by_loops(features, reference, neighbour), abs=1e-12)


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_set_metrics_do_not_depend_on_order_rotation_or_where_blocks_are_cut(seed):
    features, reference, rng = draw(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    for metric in (*(one() for one in NEIGHBOUR_METRICS), KernelDistance(subsets=0)):
        plain = metric.estimate(between(features, reference)).value
        mixed = metric.estimate(between(rng.permutation(features), rng.permutation(reference))).value
        turned = metric.estimate(between(features @ turn, reference @ turn)).value
        assert mixed == pytest.approx(plain, rel=1e-9) and turned == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("images", [1, 7, 16])
def test_memory_stays_flat_and_values_the_same_in_small_tiles(monkeypatch, images):
    features, reference, _ = draw(0)
    metrics = (*(one() for one in NEIGHBOUR_METRICS), KernelDistance())
    whole = [metric.estimate(between(features, reference)) for metric in metrics]
    monkeypatch.setattr(tiles, "TILE", images)
    for metric, expected in zip(metrics, whole, strict=True):
        found = metric.estimate(between(features, reference))
        assert found.value == pytest.approx(expected.value, rel=1e-10)
        assert found.interval.high == pytest.approx(expected.interval.high, rel=1e-8)


def test_metrics_that_share_a_pass_say_what_each_says_alone(monkeypatch):
    features, reference, _ = draw(7, 60, 50)
    metrics = (*(one() for one in NEIGHBOUR_METRICS), KernelDistance(subsets=5, subset_size=20), Density(neighbour=70))
    alone = [one.estimate(between(features, reference)) for one in metrics[:-1]]
    passes = []
    made = one_pass.read_pairs
    monkeypatch.setattr(one_pass, "read_pairs", lambda *args, **rest: (passes.append(1), made(*args, **rest)))
    shared = between(features, reference, pairs=one_pass.PairPass(metrics))
    found = [one.estimate(shared) for one in metrics[:-1]]
    assert [one.value for one in found] == pytest.approx([one.value for one in alone], rel=1e-12)
    assert [one.interval.high for one in found] == pytest.approx([one.interval.high for one in alone], rel=1e-9)
    assert len(passes) == 1
    with pytest.raises(UserError, match="Density needs at least 71"):
        metrics[-1].estimate(shared)
    other = between(features[:40], reference, pairs=shared.pairs)
    expected = Recall().estimate(between(features[:40], reference)).value
    assert metrics[1].estimate(other).value == expected, "other features are another pass"


def test_radii_are_exact_where_all_near_images_leave_together():
    # Thirty near-copies in a group: no spared neighbour is left when the group is.
    rng = np.random.default_rng(8)
    features = np.repeat(rng.normal(size=(6, 3)), 30, axis=0) + 0.01 * rng.normal(size=(180, 3))
    reference = rng.normal(size=(50, 3))
    groups = np.arange(180) // 30
    groups[::30] = 6 + np.arange(6)  # an image of each cluster stays behind
    given = between(features, reference, groups=groups)
    _, left_out = Recall().jackknife(given)
    for out, found in zip(jackknife_parts(groups, 0), left_out, strict=True):
        assert found == Recall().estimate(between(features[~out], reference)).value


@pytest.mark.parametrize("metric", [Recall(), Coverage(), KernelDistance()])
def test_a_jackknife_is_the_value_of_what_is_left(metric):
    # Grouped images that lie close together: leaving a part out changes radii.
    rng = np.random.default_rng(1)
    features = np.repeat(rng.normal(size=(15, 4)), 3, axis=0) + 0.05 * rng.normal(size=(45, 4))
    reference = rng.normal(size=(40, 4))
    given = between(features, reference, groups=np.arange(45) // 3)
    value, left_out = metric.jackknife(given)
    assert value == metric.estimate(given).value and len(left_out) == 15
    for out, found in zip(jackknife_parts(given.groups, 0), left_out, strict=True):
        assert found == pytest.approx(metric.estimate(between(features[~out], reference)).value, rel=1e-9)


def test_the_subsets_are_those_of_torch_fidelity_on_the_same_draws():
    metric_kid = pytest.importorskip("torch_fidelity.metric_kid")
    features, reference, _ = draw(2, 70, 60, 16)
    theirs = metric_kid.kid_features_to_metric(
        torch.from_numpy(features), torch.from_numpy(reference), kid_subsets=12, kid_subset_size=25, verbose=False
    )
    rng = np.random.RandomState(2020)  # theirs
    draws = [(rng.choice(70, 25, replace=False), rng.choice(60, 25, replace=False)) for _ in range(12)]
    found = kernel_sums(features, reference, polynomial_kernel(), subsets=draws).over_subsets()
    assert found.mean() == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)
    assert found.std() == pytest.approx(theirs["kernel_inception_distance_std"], rel=1e-9)


def test_the_full_estimate_is_that_of_torch_fidelity_with_one_subset_of_everything():
    metric_kid = pytest.importorskip("torch_fidelity.metric_kid")
    features, reference, _ = draw(3, 50, 50, 16)
    theirs = metric_kid.kid_features_to_metric(
        torch.from_numpy(features), torch.from_numpy(reference), kid_subsets=1, kid_subset_size=50, verbose=False
    )
    ours = KernelDistance().estimate(between(features, reference)).value
    assert ours == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-9)


def test_the_subsets_are_those_of_clean_fid_on_the_same_draws():
    fid = pytest.importorskip("cleanfid.fid")
    features, reference, _ = draw(4, 45, 40, 8)
    np.random.seed(7)  # noqa: NPY002  # theirs draws from the global generator
    theirs = fid.kernel_distance(features, reference, num_subsets=9, max_subset_size=20)
    np.random.seed(7)  # noqa: NPY002
    draws = []
    for _ in range(9):
        second = np.random.choice(40, 20, replace=False)  # noqa: NPY002
        draws.append((np.random.choice(45, 20, replace=False), second))  # noqa: NPY002
    assert kernel_sums(features, reference, polynomial_kernel(), subsets=draws).over_subsets().mean() == pytest.approx(
        theirs, rel=1e-9
    )


@pytest.mark.parametrize("in_parts", [False, True])
def test_precision_and_recall_are_those_of_torch_fidelity(in_parts):
    metric_prc = pytest.importorskip("torch_fidelity.metric_prc")
    features, reference, _ = draw(5, 150, 120, 6)
    theirs = metric_prc.prc_features_to_metric(
        torch.from_numpy(features), torch.from_numpy(reference), save_cpu_ram=in_parts, prc_batch_size=40, verbose=False
    )
    assert 0 < theirs["precision"] < 1 and 0 < theirs["recall"] < 1
    given = between(features, reference)
    assert Precision().estimate(given).value == pytest.approx(theirs["precision"], abs=1e-6)
    assert Recall().estimate(given).value == pytest.approx(theirs["recall"], abs=1e-6)


@pytest.mark.parametrize(
    "metric", [KernelDistance(), FrechetDistance(), FrechetDistanceInfinity(), *(one() for one in NEIGHBOUR_METRICS)]
)
def test_the_two_sides_may_have_different_float_types(metric):
    # torch-fidelity stops with a bare AssertionError where one side is float32 and the other float64.
    features, reference, _ = draw(6, 60, 50, 4)
    mixed = metric.estimate(between(features.astype(np.float32), reference)).value
    assert mixed == pytest.approx(metric.estimate(between(features, reference)).value, rel=1e-4, abs=1e-6)


def test_inception_score_uses_every_image_and_the_same_splits_every_time():
    # StackGAN's script drops an unseeded remainder, so its score changes between runs.
    logits = np.random.default_rng(0).normal(0, 2, size=(103, 5))
    score = InceptionScore().estimate(MetricInput({"logits": logits}))
    assert InceptionScore().estimate(MetricInput({"logits": logits.copy()})) == score
    for row in range(103):
        changed = logits.copy()
        changed[row] = -changed[row]
        assert InceptionScore().estimate(MetricInput({"logits": changed})).value != score.value


def test_inception_score_does_not_look_at_the_reference():
    # dgm-eval scores the reference set in the place of the first model.
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, size=(60, 5))
    plain = InceptionScore().estimate(MetricInput({"logits": logits}))
    assert InceptionScore().estimate(MetricInput({"logits": logits}, {"logits": rng.normal(size=(80, 5))})) == plain


def test_every_fold_of_r_precision_holds_its_images_and_small_sets_have_folds():
    # DM-GAN's and TISE's slices drop an image a fold, and below 30,000 images theirs are empty or NaN.
    count = 30
    codes = np.eye(count)
    given = MetricInput(
        {"image": codes[np.where(np.arange(count) % 3, np.arange(count), (np.arange(count) + 1) % count)]},
        caption_codes=codes,
        queries=np.arange(count),
        negatives=(np.arange(count)[:, None] + np.arange(1, 6)) % count,
    )
    found = RPrecision(folds=30).estimate(given)
    assert found.value == pytest.approx(200 / 3)
    assert found.spread["std over 30 folds"] == pytest.approx(100 * np.sqrt(2 / 9)), "every fold is one image"


def test_the_bootstrap_of_a_mean_knows_its_groups_and_its_seed():
    values = np.repeat(np.random.default_rng(2).normal(size=60), 4)
    alone, grouped = mean_interval(values, np.arange(240), 0), mean_interval(values, np.arange(240) // 4, 0)
    assert grouped.high - grouped.low == pytest.approx(2 * (alone.high - alone.low), rel=0.1)
    assert mean_interval(values, np.arange(240), 0) == alone != mean_interval(values, np.arange(240), 1)
    assert mean_interval(values, np.zeros(240), 0) is None


def test_the_bootstrap_of_a_mean_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    inside = 0
    for trial in range(120):
        values = np.repeat(rng.normal(1.0, 1.0, size=50), 2) + rng.normal(size=100)
        found = mean_interval(values, np.arange(100) // 2, trial)
        inside += found.low <= 1.0 <= found.high
    assert inside / 120 >= 0.88


@pytest.mark.parametrize("metric", [KernelDistance(subsets=0), Coverage(), Recall()])
def test_jackknife_intervals_cover_a_repetition_about_as_often_as_they_say(metric):
    rng = np.random.default_rng(4)
    reference = rng.normal(size=(150, 4))
    found = [metric.estimate(between(rng.normal(0.3, 0.8, size=(120, 4)), reference)) for _ in range(50)]
    centre = np.mean([one.value for one in found])
    assert np.mean([one.interval.low <= centre <= one.interval.high for one in found]) >= 0.84


def test_why_kid_has_no_bootstrap():
    # A resample holds copies, and a copy is nearer to its original than any two images: all of them lie above.
    rng = np.random.default_rng(5)
    features, reference = rng.normal(size=(100, 8)), rng.normal(size=(100, 8))
    value = kernel_sums(features, reference, polynomial_kernel()).whole()
    resampled = [
        kernel_sums(features[rows], reference, polynomial_kernel()).whole()
        for rows in rng.integers(100, size=(40, 100))
    ]
    half = KernelDistance(subsets=0).estimate(between(features, reference)).interval.high - value
    assert np.mean(resampled) - value > half
