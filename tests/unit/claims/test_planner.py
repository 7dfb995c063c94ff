"""The planner: what captions and what training contribute to the spread, and how many of either would decide."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from t2ibench.cli import group
from t2ibench.core.records import IntervalRecord
from t2ibench.core.spec.studies import ClaimEntry
from t2ibench.studies.claims.effects import deviation_told, seeds_needed
from t2ibench.studies.claims.planner import needs_of
from t2ibench.studies.claims.study import Asked, _question, shared_seeds
from tests.reports.sample_results import IS, record, source
from tests.unit.claims.test_study import bench, config  # noqa: F401  # a fixture


def asked(ours, theirs, half, n=600, **claim):
    """A claim of two rows with a value a seed each, whose own intervals reach so far."""
    measured = {}
    for row, values in (("a", ours), ("b", theirs)):
        found = {seed: record(source(row), IS, value, None, n=n) for seed, value in enumerate(values)}
        ends = {"level": 0.95, "method": "jackknife"}
        measured[row] = {
            seed: one.model_copy(
                update={"interval": IntervalRecord(low=one.value - half, high=one.value + half, **ends)}
            )
            for seed, one in found.items()
        }
    entry = ClaimEntry(statement="s", data="simbirds", rows=("a", "b"), columns=("is",), **claim)
    return Asked(entry, measured, shared_seeds(measured), _question("c", entry, "is", measured))


def test_the_deviation_told_is_the_inverse_of_the_seeds_needed():
    for seeds in (2, 3, 5, 20):
        deviation = deviation_told(1.0, seeds)
        assert seeds_needed(1.0, deviation * 0.999) <= seeds < seeds_needed(1.0, deviation * 1.001)
    assert deviation_told(1.0, 1) == 0 and deviation_told(0.0, 5) == 0


def test_captions_lessen_their_own_part_of_the_spread_only():
    generator = np.random.default_rng(0)
    differences = generator.normal(0, 1, size=4)
    differences = 1.0 + (differences - differences.mean()) / differences.std(ddof=1)  # mean 1, deviation 1
    half = 1.96 * (0.85 / 2) ** 0.5  # captions of two rows: variance 0.85 of the 1 seen
    (need,) = needs_of([asked(5 + differences, [5.0] * 4, half)])
    assert (need.effect, need.deviation) == (pytest.approx(1.0), pytest.approx(1.0))
    assert need.from_captions == pytest.approx(0.85**0.5)
    assert need.seeds_needed == seeds_needed(1.0, 1.0) > 4
    # with so many captions the deviation is just what four seeds can tell: power by simulation
    left = 0.15 + 0.85 * 600 / need.captions_needed
    assert left <= deviation_told(1.0, 4) ** 2 < 0.15 + 0.85 * 600 / (need.captions_needed - 2)
    samples = np.random.default_rng(1).normal(1, left**0.5, size=(20_000, 4))
    assert (stats.ttest_1samp(samples, 0, axis=1).pvalue < 0.05).mean() == pytest.approx(0.8, abs=0.015)
    (training,) = needs_of([asked(5 + differences, [5.0] * 4, 0.01)])
    assert training.captions_needed is None and "captions do not help" in training.said


def test_what_is_decided_or_cannot_be_is_said():
    (enough,) = needs_of([asked([9.0, 9.1, 9.2], [1.0, 1.0, 1.0], 0.1)])
    assert enough.seeds_needed <= 3 and enough.said == "There are enough."
    (alone,) = needs_of([asked([9.0], [1.0], 0.1)])
    assert alone.seeds_needed is None and "three seeds first" in alone.said
    (beyond,) = needs_of([asked([9.0, 9.1], [1.0, 1.0], 0.1, test="equivalence", margin={"is": 1.0})])
    assert "wider than the margin" in beyond.said
    (lacking,) = needs_of([asked([], [1.0], 0.1)])
    assert lacking.said == "Not run: a row is missing."


def test_the_command_says_what_each_claim_needs(config, tmp_path):  # noqa: F811
    assert bench(config, tmp_path, "seen", "--budget", "tiny", "--seeds", "0,1").exit_code == 0
    place = ["--config", str(config), "--workspace", str(tmp_path / "workspace")]
    asked_ = ["plan", "claims", "seen", "never", "--budget", "tiny", "--seeds", "0,1", *place]
    done = CliRunner().invoke(group, asked_)
    assert done.exit_code == 0, done.output
    assert "squares, budget tiny" in done.output and "Not run: a row is missing." in done.output
    needs = json.loads(CliRunner().invoke(group, [*asked_, "--json"]).output)["claims"]["squares"]
    (fid,) = [need for need in needs if (need["claim"], need["column"]) == ("seen", "fid")]
    assert fid["seeds"] == 2 and fid["seeds_needed"] == seeds_needed(fid["effect"], fid["deviation"])
    wrong = CliRunner().invoke(group, ["plan", "claim", *place])
    assert "claims" in str(wrong.exception)
