"""Several trainings of one recipe: one row that knows the luck of training, the single ones behind it."""

import csv
import io
import json
import re

import numpy as np
import pytest

from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import ReportInput
from t2ibench.core.records import IntervalRecord
from t2ibench.core.types import Origin
from t2ibench_reports.compare import Compare
from t2ibench_reports.components import Components
from t2ibench_reports.leaderboard import Leaderboard
from t2ibench_reports.model import Model
from t2ibench_reports.table.tables import build
from t2ibench_reports.table.trainings import interval_over
from tests.reports.sample_results import FID, IS, record, source

OURS, THEIRS = (30.0, 33.0, 36.0), (41.0, 43.0, 47.0)


def trained(name, seed, **changes):
    identity = digest_of([name, seed])
    return source(name, seed=seed, steps=400, model=name, identity=identity, trained_on="simbirds", **changes)


@pytest.fixture
def records():
    """FID of "a" and "b" with three trainings each, of "c" with one, and of noise."""
    found = [record(trained("a", seed), FID, value, 1.5) for seed, value in enumerate(OURS)]
    found += [record(trained("b", seed), FID, value, 1.5) for seed, value in enumerate(THEIRS)]
    found.append(record(trained("c", 0), FID, 39.0, 1.5))
    return [*found, record(source("noise", Origin.CONTROL), FID, 500.0, 1)]


def given(records, tmp_path, *formats, subjects=(), comparisons=()):
    return ReportInput(tuple(records), (), tmp_path / "images", formats, subjects, comparisons)


def test_the_interval_covers_the_recipe_whatever_the_luck_is_of():
    generator = np.random.default_rng(0)
    for training, captions in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        covered = 0
        for _ in range(1000):
            shared = generator.normal(0, captions)  # all trainings are measured on the same captions
            values = generator.normal(shared, training, size=3) if training else np.full(3, shared)
            rows = [record(trained("a", seed), IS, float(value) + 50) for seed, value in enumerate(values)]
            half = 1.96 * captions
            rows = [
                one.model_copy(
                    update={
                        "interval": IntervalRecord(low=one.value - half, high=one.value + half, level=0.95, method="")
                    }
                )
                for one in rows
            ]
            interval = interval_over(rows)
            covered += interval.low <= 50 <= interval.high
        assert 930 <= covered <= 990, (training, captions, covered)


def test_a_row_is_the_mean_of_its_trainings_and_one_of_one_says_so(records):
    (group,) = build(records, ()).groups
    rows = {row.label: row for row in group.rows}
    assert set(rows) == {"a", "b", "c", "noise"}
    (cell,) = rows["a"].cells
    assert cell.record.value == pytest.approx(33.0)
    # t with two degrees of freedom 4.3027, standard error 3 / sqrt(3), captions 1.5: by hand
    reach = (4.30265 * 3.0 / 3**0.5) ** 2 + 1.5**2
    assert cell.record.interval.high - 33.0 == pytest.approx(reach**0.5, rel=1e-5)
    assert rows["a"].trainings == "mean of 3 trainings, seeds 0, 1, 2"
    assert [run.cells[0].record.value for run in rows["a"].runs] == list(OURS)
    assert rows["c"].trainings == "one training" and not rows["c"].runs and rows["noise"].trainings == ""


def test_two_of_one_seed_stay_apart(records):
    other = record(trained("a", 0).model_copy(update={"identity": "f" * 64}), FID, 31.0, 1.5)
    (group,) = build([*records, other], ()).groups
    assert sum(row.label == "a" for row in group.rows) == 4


def test_other_settings_are_another_row(records):
    changed = [trained("a", seed, settings={"rate": 1}).model_copy(update={"identity": str(seed)}) for seed in (0, 1)]
    other = [record(one, FID, 20.0 + seed, 1) for seed, one in enumerate(changed)]
    (group,) = build([*records, *other], ()).groups
    assert sorted(row.cells[0].record.value for row in group.rows if row.label == "a") == [20.5, 33.0]


def test_a_training_that_failed_is_told(records):
    failed = [record(trained("a", 0), IS, None), record(trained("a", 1), IS, 5.0, 1), record(trained("a", 2), IS, 6, 1)]
    (group,) = build([*records, *failed], ()).groups
    (mean,) = [cell.record for row, column, cell in group.cells if column.metric.title == "IS"]
    assert mean.value == pytest.approx(5.5) and "Measured with 2 of 3 trainings only." in mean.warnings


def test_every_output_of_the_leaderboard_tells_trainings(records, tmp_path):
    made = Leaderboard().render(given(records, tmp_path, "html", "csv", "json", "md", "tex"))
    page = made["leaderboard.html"].decode()
    assert made == Leaderboard().render(given(records[::-1], tmp_path, "html", "csv", "json", "md", "tex"))
    assert "6 single trainings whose means stand above" in page and "mean of 3 trainings" in page
    lines = list(csv.DictReader(io.StringIO(made["leaderboard.csv"].decode())))
    told = [line["trainings"] for line in lines if line["row"] == "a"]
    assert told == ["mean of 3 trainings, seeds 0, 1, 2", *(f"one of 3 trainings, seed {seed}" for seed in range(3))]
    values = json.loads(made["leaderboard.json"])["values"]
    assert sorted(line["value"] for line in values if line["row"] == "b") == [41.0, 43.0, pytest.approx(131 / 3), 47.0]
    for name in ("leaderboard.md", "leaderboard.tex"):
        assert "mean of 3 trainings" in made[name].decode() and "one training" in made[name].decode()


def test_components_and_the_model_page_keep_the_single_trainings(records, tmp_path):
    variants = [
        record(trained("a", seed, variant="no-damsm").model_copy(update={"identity": digest_of(seed)}), FID, 50.0, 1)
        for seed in (0, 1)
    ]
    page = Components().render(given([*records, *variants], tmp_path, "html"))["components.html"].decode()
    assert "5 single trainings whose means stand above" in page
    one = Model().render(given(records, tmp_path, "json", subjects=("a",)))["model.json"]
    assert len(json.loads(one)["values"]) == 4
    weights = trained("a", 1).identity[:8]
    single = Model().render(given(records, tmp_path, "json", subjects=(f"a@{weights}",)))["model.json"]
    assert [line["value"] for line in json.loads(single)["values"]] == [33.0]


def test_compare_pairs_by_training_seed_and_says_which_luck_it_knows(records, tmp_path):
    made = Compare().render(given(records, tmp_path, "csv", "html", subjects=("a", "b")))
    (line,) = csv.DictReader(io.StringIO(made["compare.csv"].decode()))
    assert line["covers"] == "training" and line["verdict"] == "first is better"
    # -11, -10, -11: mean -32/3, standard error 1/3, times 4.3027
    assert float(line["interval_high"]) == pytest.approx(-32 / 3 + 4.30265 / 3, rel=1e-5)
    assert "knows the luck of training" in re.sub(r"\s+", " ", made["compare.html"].decode())
    (line,) = csv.DictReader(io.StringIO(
        Compare().render(given(records, tmp_path, "csv", subjects=("a", "c")))["compare.csv"].decode()
    ))  # fmt: skip
    assert line["covers"] == "captions"
