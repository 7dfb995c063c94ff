"""Records are appended, never changed; a line cut off by a kill costs that line only."""

import math
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.records import RECORDS, SCHEMA, MetricRecord, PlanRecord, ResultRecord, Results, SourceRecord
from t2ibench.core.types import Origin


def record(name: str = "attngan", value: float | None = 1.5, **changes) -> ResultRecord:
    source = SourceRecord(name=name, title=name, origin=Origin.RETRAINED, identity="i" * 64)
    plan = PlanRecord(
        dataset="simbirds",
        manifest="m",
        split="test",
        digest="d",
        protocol="p",
        protocol_digest="pd",
        seed=1,
        resolution=64,
        quantise="round",
    )
    metric = MetricRecord(
        column="fid-simnet",
        metric="fid",
        version=1,
        title="FID",
        unit="",
        higher_is_better=False,
        features={"name": "simnet"},
    )
    given = {
        "id": ResultRecord.key(source, plan, metric),
        "created": "2026-11-21T00:00:00Z",
        "source": source,
        "plan": plan,
        "metric": metric,
        "status": "ok",
        "value": value,
        "n": 10,
        **changes,
    }
    return ResultRecord(**given)


def append(folder: str, name: str) -> None:
    Results(Path(folder)).append([record(name) for _ in range(20)])


def test_what_was_appended_is_read(tmp_path):
    results = Results(tmp_path)
    results.append([record("a"), record("b")])
    results.append([record("a", value=2.0)])
    read, faults = results.read()
    assert [r.source.name for r in read] == ["a", "b", "a"]
    assert not faults
    latest, _ = results.latest()
    assert sorted(r.value for r in latest.values()) == [1.5, 2.0]


def test_nan_is_refused():
    with pytest.raises(ValidationError):
        record(value=math.nan)


def test_a_cut_off_line_is_reported_and_not_joined(tmp_path):
    results = Results(tmp_path)
    results.append([record("a")])
    path = tmp_path / RECORDS
    path.write_bytes(path.read_bytes() + b'{"schema":1,"id":"cut of')
    results.append([record("b")])
    read, faults = results.read()
    assert [r.source.name for r in read] == ["a", "b"]
    assert len(faults) == 1
    assert "line 2" in faults[0]


def test_two_writers_do_not_mix_lines(tmp_path):
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(append, [str(tmp_path)] * 4, ["a", "b", "c", "d"]))
    read, faults = Results(tmp_path).read()
    assert len(read) == 80
    assert not faults


def test_the_id_follows_the_question():
    assert record("a").id == record("a", value=9.0).id
    assert record("a").id != record("b").id


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError):
        Results(tmp_path / "file").append([record()])


def test_a_failure_is_left_out_once_the_number_was_had(tmp_path):
    results = Results(tmp_path)
    missing = record().metric.model_copy(update={"features": {"name": "simnet", "missing": True}})
    failed = record(metric=missing, id="f" * 64, status="failed", value=None, error="no weights")
    results.append([failed])
    assert list(results.latest()[0].values()) == [failed]
    results.append([record()])
    assert list(results.latest()[0].values()) == [record()]
    assert len(results.read()[0]) == 2


@pytest.mark.parametrize("separator", ["\u2028", "\u0085", "\x1c"])
def test_a_name_that_holds_a_line_separator_is_read_again(tmp_path, separator):
    results = Results(tmp_path)
    results.append([record(f"a{separator}b"), record("c")])
    records, faults = results.read()
    assert [one.source.name for one in records] == [f"a{separator}b", "c"] and not faults


def test_the_frame_has_the_last_number_of_each_row_with_every_digit(tmp_path):
    results = Results(tmp_path)
    assert results.frame().empty and results.frame()["value"].dtype == "float64"
    results.append([record("a", value=1.0), record("a", value=1 / 3)])
    results.append([record("b", value=None, status="failed", error="no disk")])
    frame = results.frame().set_index("row")
    assert list(frame.index) == ["a", "b"]
    assert frame.value["a"] == 1 / 3 and math.isnan(frame.value["b"])
    assert frame.error["b"] == "no disk" and frame.metric["a"] == "FID" and frame.column["a"] == "fid-simnet"
    assert frame.n["a"] == 10 and frame.steps.isna().all() and str(frame.steps.dtype) == "Int64"
    assert frame.metric_digest["a"] == record().metric.digest


def test_a_line_of_another_schema_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.append([record("first"), record("second")])
    path = tmp_path / RECORDS
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0].replace(f'"schema":{SCHEMA}', '"schema":1', 1), lines[1]]) + "\n")
    found, faults = results.read()
    assert [one.source.name for one in found] == ["second"]
    assert len(faults) == 1 and f"line 1: not a result record of schema {SCHEMA}" in faults[0]
