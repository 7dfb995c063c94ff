"""R-precision as DM-GAN's code counts it, on hits that are planted, beside the way we count."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.r_precision import RPrecision
from t2ibench.metrics.alignment.r_precision_official import OfficialRPrecision
from t2ibench.metrics.intervals import keyed_order

NAME = "population std over 10 groups"


def planted(hits, count, seed=0):
    """Captions are axes; image i lies on its own caption where `hits` says so, else on its first negative."""
    queries = np.arange(count)
    negatives = (queries[:, None] + 1 + np.arange(7)) % count
    target = np.where(hits, queries, negatives[:, 0])
    return MetricInput(
        {"image": np.eye(count)[target]}, caption_codes=np.eye(count), queries=queries, negatives=negatives, seed=seed
    )


def test_it_is_the_mean_and_population_deviation_of_ten_groups():
    hits = np.random.default_rng(0).random(600) < 0.7
    groups = np.array_split(keyed_order(600, 5, "official groups"), 10)
    rates = np.array([100 * hits[group].mean() for group in groups])
    found = OfficialRPrecision().estimate(planted(hits, 600, seed=5))
    assert found.value == pytest.approx(rates.mean(), rel=1e-12)
    assert found.spread == {NAME: pytest.approx(rates.std(ddof=0), rel=1e-12)}
    assert found.n == 600 and found.interval.low <= found.value <= found.interval.high
    assert found == OfficialRPrecision().estimate(planted(hits, 600, seed=5))  # the shuffle is keyed


def test_dm_gans_slice_loses_one_image_of_every_group_and_ours_none():
    count = 200
    last = {int(group[-1]) for group in np.array_split(keyed_order(count, 0, "official groups"), 10)}
    hits = np.isin(np.arange(count), sorted(last))  # the only hits are those that the slip leaves out
    assert OfficialRPrecision().estimate(planted(hits, count)).value == pytest.approx(5.0)
    slip = OfficialRPrecision(drop_last_of_group=True).estimate(planted(hits, count))
    assert (slip.value, slip.n) == (0.0, 190)
    assert list(slip.spread) == [f"{NAME}, the last of each left out"]
    assert RPrecision().estimate(planted(hits, count)).value == pytest.approx(5.0)


@pytest.mark.parametrize("count", [10, 25, 2933, 4001])
def test_sets_that_are_no_multiple_of_ten_groups_of_3000_have_a_value(count):
    # DM-GAN's code prints nothing below 30,000; TISE's groups of 3,000 give NaN.
    hits = np.arange(count) % 3 > 0
    given = planted(hits, count) if count < 100 else _wide(hits)
    found = OfficialRPrecision().estimate(given)
    assert found.n == count and found.value == pytest.approx(100 * hits.mean(), rel=1e-12)
    assert np.isfinite(found.spread[NAME])


def _wide(hits):
    """As `planted`, with two captions in all."""
    count = len(hits)
    return MetricInput(
        {"image": np.eye(2)[np.where(hits, 0, 1)]}, caption_codes=np.eye(2), queries=np.zeros(count, dtype=int),
        negatives=np.ones((count, 7), dtype=int),
    )  # fmt: skip


def test_ties_fall_to_the_true_caption_officially_and_are_shared_otherwise():
    codes = np.ones((30, 4))
    blind = MetricInput(
        {"image": codes}, caption_codes=codes, queries=np.arange(30), negatives=np.tile(np.arange(4), (30, 1))
    )
    assert OfficialRPrecision().estimate(blind).value == 100  # a judge that sees nothing is always right
    assert OfficialRPrecision(ties="shared").estimate(blind).value == pytest.approx(20)
    assert RPrecision().estimate(blind).value == pytest.approx(20)


def test_it_is_another_metric_than_ours():
    assert OfficialRPrecision.name != RPrecision.name and OfficialRPrecision.title == RPrecision.title
    assert OfficialRPrecision().needs_negatives and OfficialRPrecision().caption_linked


def test_options_and_small_sets_are_sentences():
    with pytest.raises(UserError, match="'first'"):
        OfficialRPrecision(ties="first")
    with pytest.raises(UserError, match="at least 20 images and was given 19"):
        OfficialRPrecision(drop_last_of_group=True).estimate(planted(np.ones(19, dtype=bool), 19))
