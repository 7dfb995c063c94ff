from __future__ import annotations

import pytest

from t2ibench_reports.table.ranking import rank
from tests.reports.sample_results import FID, IS, SIMNET, R, record, source


def ranked(metric, *values, **changes):
    """Return the standings of (value, half-width) pairs, in their order."""
    entries = {str(place): record(source(str(place)), metric, *pair, **changes) for place, pair in enumerate(values)}
    standings, reason = rank(entries)
    return [standings.get(key) for key in entries], reason


def test_the_best_is_marked_when_its_interval_is_apart_from_all_others():
    standings, reason = ranked(FID, (10.0, 1), (20.0, 1), (30.0, 1))
    assert [one.mark for one in standings] == ["best", "", ""]
    assert [one.text for one in standings] == ["rank 1 of 3", "rank 2 of 3", "rank 3 of 3"]
    assert reason == ""


def test_direction_follows_the_metric():
    standings, _ = ranked(IS, (10.0, 1), (20.0, 1))
    assert [one.mark for one in standings] == ["", "best"]


def test_overlap_with_the_leader_is_no_clear_difference():
    standings, _ = ranked(FID, (10.0, 2), (13.0, 2), (30.0, 1))
    assert [one.mark for one in standings] == ["tied", "tied", ""]
    assert [one.text for one in standings] == ["rank 1 to 2 of 3", "rank 1 to 2 of 3", "rank 3 of 3"]


def test_intervals_that_touch_overlap():
    standings, _ = ranked(FID, (10.0, 1), (12.0, 1))
    assert [one.mark for one in standings] == ["tied", "tied"]


def test_a_wide_third_row_denies_the_leader_its_mark():
    standings, _ = ranked(FID, (10.0, 1), (15.0, 1), (25.0, 20))
    assert [one.mark for one in standings] == ["tied", "", "tied"]


def test_equal_values_are_not_told_apart():
    standings, _ = ranked(FID, (10.0, 0.0), (10.0, 0.0))
    assert [one.mark for one in standings] == ["tied", "tied"]


@pytest.mark.parametrize(
    ("metric", "values", "changes", "reason"),
    [
        (FID.model_copy(update={"features": SIMNET | {"standing": "random"}}), [(1.0, 0.1), (2.0, 0.1)], {}, "random"),
        (FID, [(1.0, 0.1)], {}, "only one"),
        (FID, [(1.0, 0.1), (2.0, None)], {}, "no interval"),
        (FID, [(None, None)], {}, "no measured value"),
    ],
)
def test_no_verdict_says_why(metric, values, changes, reason):
    standings, found = ranked(metric, *values, **changes)
    assert not any(standings)
    assert reason in found


def test_a_row_without_an_interval_takes_no_others_rank_away():
    standings, reason = ranked(FID, (10.0, 1), (5.0, None), (20.0, 1))
    assert [one and one.text for one in standings] == ["rank 1 of 2", None, "rank 2 of 2"] and reason == ""


@pytest.mark.parametrize(("drawn", "verdict"), [(None, True), (True, True), (False, False)])
def test_a_stand_in_network_ranks_drawn_images_only(drawn, verdict):
    entries = {name: record(source(name), FID, value, 1) for name, value in (("a", 10.0), ("b", 20.0))}
    assert FID.features["standing"] == "stand-in"
    for key, one in entries.items():
        entries[key] = one.model_copy(update={"plan": one.plan.model_copy(update={"drawn": drawn})})
    standings, reason = rank(entries)
    assert bool(standings) is verdict and ("stand-in" in reason) is not verdict


def test_a_judge_seen_by_some_denies_a_verdict_but_not_one_seen_by_all():
    seen = record(source("a"), R, 60.0, 1, judge_seen_in_training=True)
    other = record(source("b"), R, 20.0, 1)
    assert rank({"a": seen, "b": other})[0] == {}
    assert "judge" in rank({"a": seen, "b": other})[1]
    both = other.model_copy(update={"judge_seen_in_training": True})
    assert rank({"a": seen, "b": both})[0]["a"].mark == "best"


def test_another_number_of_images_is_not_ranked_with_the_rest():
    entries = {name: record(source(name), FID, value, 1) for name, value in (("a", 10.0), ("b", 20.0))}
    entries["c"] = record(source("c"), FID, 1.0, 0.1, n=50)
    standings, _ = rank(entries)
    assert set(standings) == {"a", "b"}


def test_failures_are_left_out_of_the_ranking():
    standings, _ = ranked(FID, (10.0, 1), (None, None), (20.0, 1))
    assert standings[1] is None
    assert standings[0].of == 2
