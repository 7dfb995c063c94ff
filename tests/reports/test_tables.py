from __future__ import annotations

import random

import pytest

from t2ibench.core.files import digest_of
from t2ibench.core.types import Origin
from t2ibench_reports.table.tables import Section, build
from tests.reports.sample_results import FID, IS, SIMNET, R, plan, record, source


def test_two_identities_never_share_a_column(sample):
    changed = [
        FID.model_copy(update={"version": 2}),
        FID.model_copy(update={"reference": digest_of("another")}),
        FID.model_copy(update={"features": SIMNET | {"weights": "other"}}),
        FID.model_copy(update={"options": {"shrink": True}}),
    ]
    rows = [record(source("a"), metric, 10.0 + place, 1) for place, metric in enumerate([FID, *changed])]
    (group,) = build(rows, ()).groups
    assert len(group.columns) == 5
    for place, column in enumerate(group.columns):
        assert {row.cells[place].record.metric.digest for row in group.rows} == {column.digest}


def test_columns_that_look_alike_name_their_identity():
    other = FID.model_copy(update={"options": {"shrink": True}})
    (group,) = build([record(source("a"), FID, 1.0), record(source("a"), other, 2.0)], ()).groups
    heads = [f"{column.title} {column.subtitle}" for column in group.columns]
    assert len(set(heads)) == 2
    assert group.columns[0].digest[:8] in heads[0]


def test_a_subtitle_alone_makes_no_new_column():
    reworded = FID.model_copy(update={"subtitle": "said otherwise"})
    (group,) = build([record(source("a"), FID, 1.0), record(source("b"), reworded, 2.0)], ()).groups
    assert len(group.columns) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"manifest": "f" * 64},
        {"split": "train"},
        {"protocol": "other-1"},
        {"protocol_digest": "f" * 64},
        {"digest": "f" * 64},
    ],
)
def test_two_questions_never_share_a_table(change):
    groups = build([record(source("a"), IS, 5.0), record(source("a"), IS, 5.1, asked=plan(**change))], ()).groups
    assert len(groups) == 2


def test_groups_come_by_data_set_protocol_and_falling_count():
    asked = [
        (plan("zoo"), 600),
        (plan("cub", n=200), 200),
        (plan("cub", n=3000), 3000),
        (plan("cub", protocol="a-1"), 600),
    ]
    groups = build([record(source("a"), IS, 5.0, asked=one, n=n) for one, n in asked], ()).groups
    assert [(group.plan.dataset, group.plan.protocol, group.n) for group in groups] == [
        ("cub", "a-1", 600),
        ("cub", "simbirds-1", 3000),
        ("cub", "simbirds-1", 200),
        ("zoo", "simbirds-1", 600),
    ]


def test_the_order_of_rows_does_not_depend_on_the_order_of_records(sample):
    def rows(records):
        return [[row.key for row in group.rows] for group in build(records, ()).groups]

    shuffled = sample[:]
    random.Random(0).shuffle(shuffled)
    by_column = sorted(sample, key=lambda one: one.metric.column)
    assert rows(by_column) == rows(sample)
    assert sorted(map(sorted, rows(shuffled))) == sorted(map(sorted, rows(sample)))


def test_origins_are_kept_apart():
    rows = [record(source(origin.value, origin), FID, 10.0, 1) for origin in Origin]
    (group,) = build(rows, ()).groups
    assert [row.source.name for row in group.section(Section.CONTROL)] == ["control"]
    assert [row.source.name for row in group.section(Section.REPORTED)] == ["reported"]
    assert len(group.section(Section.MEASURED)) == 3
    for row in group.section(Section.CONTROL) + group.section(Section.REPORTED):
        assert row.cells[0].standing is None


def test_measured_rows_stand_best_first_and_failures_last():
    rows = [record(source("middle"), FID, 20.0, 1), record(source("failed"), FID, None)]
    rows += [record(source("best"), FID, 10.0, 1), record(source("worst"), FID, 30.0, 1)]
    (group,) = build(rows, ()).groups
    assert [row.label for row in group.rows] == ["best", "middle", "worst", "failed"]


def test_one_model_at_two_ages_makes_two_rows_that_can_be_told_apart():
    young, old = (source("attngan", identity=digest_of(age), steps=600) for age in ("young", "old"))
    (group,) = build([record(young, FID, 30.0, 1), record(old, FID, 20.0, 1)], ()).groups
    assert len({row.details for row in group.rows}) == 2


def test_what_was_not_asked_is_no_cell():
    (group,) = build([record(source("a"), FID, 10.0), record(source("b"), R, 10.0)], ()).groups
    assert [cell is None for row in group.rows for cell in row.cells].count(True) == 2
