"""Ways of measuring are never mixed: every identity has its own column, headed by what it is, in every format."""

import csv
import io
from pathlib import Path

import pytest

from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import ReportInput
from t2ibench.core.types import Origin
from t2ibench_reports.leaderboard import Leaderboard
from t2ibench_reports.table.tables import build
from tests.reports.sample_results import FID, INCEPTION, SIMNET, R, plan, record, source

PROFILES = ("tf", "clean", "pytorch-fid", "t2i-legacy", "t2i-legacy-dfgan")


def fid(profile, **changes):
    features = INCEPTION | {"name": f"inception-{profile}", "weights": digest_of(profile)}
    subtitle = f"{profile} · inception-{profile} v1 · ref cub/test 2,933 · n 600"
    return FID.model_copy(update={"column": f"fid-{profile}", "features": features, "subtitle": subtitle, **changes})


@pytest.fixture
def records():
    """Two models; the first leads under each odd profile, the second under each even one."""
    found = []
    for place, profile in enumerate(PROFILES):
        values = (10.0 + place, 30.0 + place) if place % 2 else (30.0 + place, 10.0 + place)
        found += [record(source(name), fid(profile), value, 1) for name, value in zip("ab", values, strict=True)]
    return found


def test_profiles_of_one_metric_are_columns_of_their_own(records):
    (group,) = build(records, ()).groups
    assert [column.metric.column for column in group.columns] == [f"fid-{profile}" for profile in PROFILES]
    for place, (column, profile) in enumerate(zip(group.columns, PROFILES, strict=True)):
        assert column.title == "FID" and column.subtitle.startswith(f"{profile} · inception-{profile}")
        best = [row.label for row in group.rows if row.cells[place].mark == "best"]
        assert best == ["a" if place % 2 else "b"]  # ranked in its own column, on its own scale
    assert all({cell.record.metric.column for cell in row.cells} == {c.metric.column for c in group.columns}
               for row in group.rows)  # fmt: skip


@pytest.mark.parametrize("form", ["html", "md", "tex", "txt"])
def test_every_format_heads_each_column_with_its_profile(records, form):
    report = Leaderboard()
    if form not in report.formats:
        pytest.fail(f"the leaderboard has no {form}: it offers {report.formats}")
    (content,) = report.render(ReportInput(records, [], Path("images"), (form,))).values()
    text = " ".join(content.decode().split())
    for profile in PROFILES:
        assert f"inception-{profile}" in text, profile


def test_csv_has_a_line_a_number_with_its_whole_identity(records):
    (content,) = Leaderboard().render(ReportInput(records, [], Path("images"), ("csv",))).values()
    lines = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(lines) == len(records)
    heads = {(line["metric"], line["metric_subtitle"], line["metric_digest"]) for line in lines}
    assert len(heads) == len(PROFILES)


@pytest.mark.parametrize(
    "change",
    [
        {"features": INCEPTION | {"name": "inception-tf", "resize": "bilinear-pil 299"}},
        {"features": INCEPTION | {"name": "inception-tf", "range": "[0, 1]"}},
        {"features": INCEPTION | {"name": "inception-tf", "weights": "f" * 64}},
        {"features": INCEPTION | {"name": "inception-tf", "captions": "25 words at most"}},
        {"reference": digest_of("augmented images")},
        {"options": {"temperature": 0.6}},
        {"version": 2},
    ],
)
def test_any_difference_of_identity_splits_a_column_and_shows(change):
    features = {"features": INCEPTION | {"name": "inception-tf"}}
    one, other = (fid("tf", **{**features, **some}) for some in ({}, change))
    (group,) = build([record(source("a"), one, 10.0, 1), record(source("b"), other, 20.0, 1)], ()).groups
    assert len(group.columns) == 2
    assert len({column.subtitle for column in group.columns}) == 2  # the same words get their digests
    assert all(sum(cell is not None for cell in row.cells) == 1 for row in group.rows)


def test_r_precision_of_two_rules_is_two_columns():
    rules = ("keyed-negatives-1", "keyed-fresh-negatives-1")
    metrics = [R.model_copy(update={"options": {"negatives": 99, "exclude": "class", "rule": rule}}) for rule in rules]
    metrics.append(metrics[1].model_copy(update={"metric": "r_precision_official"}))
    (group,) = build([record(source("a"), one, 50.0, 2) for one in metrics], ()).groups
    assert len(group.columns) == 3


def test_images_made_in_two_ways_are_two_questions():
    """Another protocol digest (mask, batch, quantisation) never shares a table, though captions and metric agree."""
    asked = [plan(), plan(protocol="official"), plan(protocol_digest=digest_of("generation"))]
    groups = build([record(source("a"), FID, 10.0, 1, asked=one) for one in asked], ()).groups
    assert len(groups) == 3


def test_a_name_with_a_dot_stays_whole():
    """TISE's ranking cuts a method's name at the first dot."""
    names = ("dm-gan.v1", "dm-gan.v2")
    (group,) = build([record(source(name), FID, 10.0, 1) for name in names], ()).groups
    assert sorted(row.label for row in group.rows) == list(names)
    assert SIMNET["name"] == group.columns[0].metric.features["name"]


@pytest.mark.parametrize("metric", ["r_precision", "r_precision_official"])
def test_both_ways_of_counting_r_precision_are_held_to_chance(metric):
    judged = R.model_copy(update={"metric": metric})
    rows = [record(source("shuffled-captions", Origin.CONTROL), judged, 40.0, 3), record(source("a"), judged, 50.0, 3)]
    (group,) = build(rows, ()).groups
    (failed,) = [check for check in group.checks if check.verdict == "failed"]
    assert "1 in 100" in failed.sentence
