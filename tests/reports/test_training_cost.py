"""What a model cost to be there stands in tables that know it, and adds no column to those that do not."""

import io
import json

import pandas
import pytest

from t2ibench.core.types import Origin
from t2ibench_reports.leaderboard import Leaderboard
from t2ibench_reports.table.format import short_count
from tests.reports.sample_results import FID, record, source


def rendered(render, records):
    return render(records, formats=Leaderboard.formats)


SHORTENED = {
    0: "0", 920: "920", 1000: "1.00 k", 45_210: "45.2 k", 999_499: "999 k", 999_500: "1.000 M", 2_371_746: "2.37 M",
    33_098_147: "33.1 M",
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), SHORTENED.items())
def test_large_counts_are_shortened(value, text):
    assert short_count(value) == text


def test_costs_of_training_stand_in_every_format(render):
    cheap = source("cheap", steps=1000, parameters=2_371_746, training_images=32_000, training_seconds=754.2)
    unknown = source("unknown", steps=1000, parameters=45_210)
    truth = source("ground-truth", Origin.CONTROL)
    found = rendered(render, [record(one, FID, 40 + place, 1) for place, one in enumerate((cheap, unknown, truth))])
    for head in ("Parameters", "Training images", "Training s"):
        assert head in found["txt"] and head in found["md"]
    line = next(line for line in found["txt"].splitlines() if "cheap" in line)
    assert [text in line for text in ("2.37 M", "32,000", "754")] == [True] * 3
    assert "45.2 k" in next(line for line in found["txt"].splitlines() if "unknown" in line)
    frame = pandas.read_csv(io.StringIO(found["csv"])).set_index("row")
    assert frame.loc["cheap", ["parameters", "training_images", "training_seconds"]].tolist() == [
        2_371_746, 32_000, 754.2,
    ]  # fmt: skip
    assert frame.loc[["unknown", "ground-truth"], "training_images"].isna().all()
    assert 'data-value="2371746"' in found["html"] and "shown in training" in found["html"]
    assert "2371746" in json.dumps(json.loads(found["json"]))


def test_tables_that_know_nothing_of_it_are_as_they_were(render):
    found = rendered(render, [record(source("old", steps=5), FID, 40, 1)])
    assert "shown in training" not in found["txt"] and "shown in training" not in found["html"]
