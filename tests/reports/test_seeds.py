"""Several seeds of one question: their own tables, and one of means with ranges, which ranks nothing."""

import csv
import io
from pathlib import Path

import pytest

from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import ReportInput
from t2ibench.core.types import Origin
from t2ibench_reports.leaderboard import Leaderboard
from t2ibench_reports.table.tables import build
from tests.reports.sample_results import FID, IS, plan, record, source


def asked(seed, **changes):
    return plan(
        seed=seed, digest=digest_of(["plan", seed]), protocol_digest=digest_of(["p", seed]),
        rules=digest_of("rules"), **changes,
    )  # fmt: skip


def noise(seed):
    return source("noise", Origin.CONTROL, identity=digest_of(["noise", seed]))


@pytest.fixture
def three():
    """FID of two models and a control with three seeds; IS of one model, which lacks seed 102."""
    rows = []
    for seed, ours, theirs in ((100, 30.0, 41.0), (101, 33.0, 40.0), (102, 36.0, 45.0)):
        rows += [record(source("a"), FID, ours, 1, asked(seed)), record(source("b"), FID, theirs, 1, asked(seed))]
        rows.append(record(noise(seed), FID, 500.0 + seed, 1, asked(seed)))
        if seed < 102:
            rows.append(record(source("a"), IS, 5.0 + (seed - 100), 0.1, asked(seed)))
    return rows


def test_means_stand_above_the_tables_of_the_single_seeds(three):
    groups = build(three, ()).groups
    assert [group.seeds for group in groups] == [(100, 101, 102), (100,), (101,), (102,)] or [
        len(group.seeds) for group in groups
    ] == [3, 1, 1, 1]
    first = groups[0]
    assert first.plan.protocol == "simbirds-1, mean over seeds 100, 101, 102"
    values = {row.label: row.cells[0].record for row in first.rows}
    assert values["a"].value == pytest.approx(33.0)
    assert (values["a"].interval.low, values["a"].interval.high) == (30.0, 36.0)
    assert values["b"].value == pytest.approx(42.0)
    assert values["noise"].value == pytest.approx(601.0), "a control is one row, whatever its images under each seed"
    assert len(first.rows) == 3


def test_a_mean_over_fewer_seeds_says_so(three):
    first = build(three, ()).groups[0]
    (record_,) = [cell.record for _, column, cell in first.cells if column.metric.title == "IS"]
    assert record_.value == pytest.approx(5.5)
    assert any("2 of 3 seeds" in warning for warning in record_.warnings)


def test_a_range_over_seeds_ranks_nothing_and_the_single_seeds_do(three):
    groups = build(three, ()).groups
    assert all(cell.standing is None for _, _, cell in groups[0].cells)
    assert "range over seeds" in groups[0].columns[0].no_verdict
    assert groups[0].checks == ()
    assert all(any(cell.standing for _, _, cell in group.cells) for group in groups[1:])


def test_one_seed_or_other_rules_make_no_means(three):
    alone = [one for one in three if one.plan.seed == 100]
    assert len(build(alone, ()).groups) == 1
    other = [one.model_copy(update={"plan": one.plan.model_copy(update={"rules": digest_of("else")})}) for one in three
             if one.plan.seed == 101]  # fmt: skip
    assert len(build([*alone, *other], ()).groups) == 2
    old = [one.model_copy(update={"plan": one.plan.model_copy(update={"rules": ""})}) for one in three]
    assert len(build(old, ()).groups) == 3, "records from before there were rules stay as they are"


def test_other_numbers_of_images_are_never_averaged(three):
    fewer = [one.model_copy(update={"n": 100}) if one.plan.seed == 101 else one for one in three]
    first = build(fewer, ()).groups[0]
    assert first.seeds == (100, 102)


def test_a_failure_with_one_seed_is_left_to_its_own_table(three):
    failed = record(source("b"), FID, None, None, asked(101))
    rows = [failed if one.source.name == "b" and one.plan.seed == 101 else one for one in three]
    groups = build(rows, ()).groups
    values = {row.label: row.cells[0].record for row in groups[0].rows}
    assert values["b"].value == pytest.approx(43.0) and "2 of 3" in values["b"].warnings[0]


@pytest.mark.parametrize("form", ["html", "md", "tex", "txt", "json"])
def test_every_format_shows_mean_and_range(three, form):
    (content,) = Leaderboard().render(ReportInput(three, [], Path("images"), (form,))).values()
    text = content.decode()
    assert "mean over seeds 100, 101, 102" in text
    assert "least and greatest over seeds" in text
    assert "100% intervals" not in text


def test_csv_carries_the_seeds(three):
    (content,) = Leaderboard().render(ReportInput(three, [], Path("images"), ("csv",))).values()
    lines = list(csv.DictReader(io.StringIO(content.decode())))
    assert {line["seed"] for line in lines} == {"100 101 102", "100", "101", "102"}
