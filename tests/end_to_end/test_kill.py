"""Killed at any moment, on a full disk, with a truncated checkpoint: asking again ends in the same bits."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kill_run import INTERVAL, STEPS

ROOT = Path(__file__).resolve().parents[2]
KILLS = 20
RESULT = ("model", "weights", "optimisers")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    done = subprocess.run(
        [sys.executable, "-m", "tests.kill_run", str(folder), "20261121", str(KILLS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def same(one, other):
    return all(one[name] == other[name] for name in RESULT)


def test_killed_at_random_moments_every_run_ends_in_the_same_bits(found):
    assert found["calm"]["status"] == 0 and len(found["kills"]) == KILLS
    for run in found["runs"]:
        assert run["status"] == 0, run["last"]["said"]
        assert same(run, found["calm"])
        assert run["logged"] == sorted(set(run["logged"])) and run["logged"][-1] == STEPS
        assert run["leftovers"] == []


def test_the_kills_hit_different_moments(found):
    """Most of them while training, some before: otherwise the test above says little."""
    done = [kill["done"] for kill in found["kills"]]
    assert len(set(done)) > KILLS // 4 and max(done) > STEPS // 4


def test_a_kill_loses_no_more_than_an_interval(found):
    attempts = [*found["kills"], *(run["last"] for run in found["runs"])]
    went_on = [one for one in attempts if one["went on from"]]
    assert went_on
    for one in went_on:
        assert one["done before"] - one["went on from"] <= INTERVAL


def test_no_traceback_and_no_damage_is_told_after_kills(found):
    for one in [*found["kills"], *(run["last"] for run in found["runs"])]:
        assert "Traceback" not in one["said"] and "cannot be used" not in one["said"]


def test_a_full_disk_keeps_the_checkpoints_before_and_is_told(found):
    first, second = found["full"]["first"], found["full"]["second"]
    assert first["status"] == 1 and "Traceback" not in first["said"]
    assert "Error: Writing the checkpoint to" in first["said"] and "free some space and ask again" in first["said"]
    assert first["checkpoints"] == ["step-000024", "step-000028"] and found["full"]["kept"] == []
    assert second["status"] == 0 and second["went on from"] == 28
    assert same(found["full"]["outcome"], found["calm"])


def test_a_truncated_checkpoint_is_named_and_the_one_before_taken(found):
    second = found["cut"]["second"]
    assert found["cut"]["name"] == "step-000028"
    assert "step-000028 cannot be used" in second["said"] and second["went on from"] == 24
    assert second["status"] == 0 and same(found["cut"]["outcome"], found["calm"])
