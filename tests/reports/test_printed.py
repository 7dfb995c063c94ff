"""What papers print: beside measured values of the same columns, never ranked, and as a table of its own."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from lxml import html

from t2ibench.core.interfaces import ReportInput
from t2ibench.core.records import CostRecord
from t2ibench.core.spec.reported import printed_rows
from t2ibench.core.types import Origin
from t2ibench_reports.leaderboard import Leaderboard
from t2ibench_reports.previous import Previous
from tests.reports.sample_results import FID, IS, plan, record, source

ROOT = Path(__file__).resolve().parents[2]
ON_CUB = plan("cub", 30_000, "official")


def measured(dataset="cub", column="is-cub", metric=IS, value=4.31):
    asked = plan(dataset, 30_000, "official")
    named = metric.model_copy(update={"column": column})
    of = source("attngan", Origin.OFFICIAL_WEIGHTS, title="AttnGAN")
    return record(of, named, value, 0.05, asked, 30_000, cost=CostRecord(seconds=12.5))


def render(report, records, form):
    given = ReportInput(records, [], Path("images"), (form,))
    return next(iter(report.render(given).values())).decode()


def test_every_column_named_is_one_of_the_benchmark():
    """A typo in a file would hide a figure for ever."""
    known = tomllib.loads((ROOT / "benchmarks.toml").read_text("utf-8"))
    figures = [
        (row, reported, figure)
        for row in printed_rows()
        for reported in row.reported
        for figure in reported.figures.values()
    ]
    assert len(figures) > 90
    assert {figure.column for *_, figure in figures} - {""} <= set(known["metrics"])
    assert {row.model for row, *_ in figures} - {""} <= set(known["models"])
    assert {reported.dataset for _, reported, _ in figures} == {"cub", "coco"}


def test_a_leaderboard_shows_figures_of_its_own_columns_only_and_ranks_none():
    records = [measured(), measured(column="fid-tf", metric=FID, value=20.0)]
    values = json.loads(render(Leaderboard(), records, "json"))["values"]
    printed = [value for value in values if value["section"] == "reported"]
    found = {(value["row"], value["column"]): value["value"] for value in printed}
    assert found["AttnGAN, Xu et al., CVPR 2018", "is-cub"] == 4.36
    assert found["AttnGAN, Xu et al., CVPR 2018", "fid-tf"] == 14.01
    assert 23.98 not in found.values() and 25.89 not in found.values()  # another profile, another data set
    assert all(value["verdict"] == "" and value["ranked"] is None for value in printed)
    text = render(Leaderboard(), records, "txt")
    assert text.count("Measured here") == 2 and "25.0" in text and text.count("(Xu et al., CVPR 2018") == 1  # no cost
    page = html.fromstring(render(Leaderboard(), records, "html"))
    rows = page.xpath("//tbody[@class='reported']//tr")
    assert any("4.360" in row.text_content() and "verified" in row.text_content() for row in rows)
    assert any("from memory" in row.text_content() and "!" in row.text_content() for row in rows)


@pytest.mark.parametrize("other", [measured("simbirds"), measured(column="is-simnet"), measured("coco")])
def test_a_table_of_another_kind_shows_none_of_them(other):
    values = json.loads(render(Leaderboard(), [other], "json"))["values"]
    assert [value for value in values if value["section"] == "reported"] == []


def test_the_talks_table_needs_no_results():
    text = render(Previous(), [], "txt")
    talk = text.partition("Inception score")[0]
    assert [line.split("(")[0].strip() for line in talk.splitlines() if "· paper" in line] == [
        "GAN-INT-CLS",
        "GAWWN",
        "StackGAN",
        "StackGAN-v2",
        "PPGN",
        "AttnGAN",
    ]
    assert "25.89 ± 0.47" in talk and "DM-GAN" not in talk and "Measured here" not in text


def test_what_was_measured_alike_stands_above():
    page = html.fromstring(render(Previous(), [measured(value=4.2), measured("simbirds", value=9.1)], "html"))
    rows = page.xpath("//tbody[@class='measured']//tr[td]")
    assert len(rows) == 2 and all("4.20" in row.text_content() for row in rows)  # the talk's table and the whole one
    assert "9.1" not in "".join(row.text_content() for row in rows)
