"""Our metrics against their authors' code, and that the comparison sees what is wrong."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.parity.metrics.cases import outputs_of
from tests.parity.metrics.golden import GoldenFile, compared

FILE = Path(__file__).with_name("golden.json")
GOLDEN = GoldenFile(FILE)
CASES = {case["id"]: case for case in GOLDEN.cases}


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_golden_value_is_matched(name: str) -> None:
    rows = compared(GOLDEN, CASES[name])
    assert rows
    assert [row for row in rows if not row.share <= 1] == []


def test_a_value_that_moves_by_twice_its_allowance_is_seen() -> None:
    for case in GOLDEN.cases:
        moved = copy.deepcopy(case)
        name = next(iter(moved["outputs"]))
        if isinstance(moved["outputs"][name], float):
            value = moved["outputs"][name]
            slack = 4e-4 if name.endswith("as_run") else 0.0
            moved["outputs"][name] = value + 2.1 * (case["atol"] + case["rtol"] * abs(value)) + slack
            assert any(row.share > 1 for row in compared(GOLDEN, moved)), case["id"]


def test_a_value_that_we_do_not_compute_fails() -> None:
    case = copy.deepcopy(CASES["fd"])
    case["outputs"]["another"] = 1.0
    assert any(row.name == "another" and row.share > 1 for row in compared(GOLDEN, case))


def _with_other_seeds(content: dict[str, Any], build: GoldenFile) -> dict[str, Any]:
    """Return a file of the same structure with other seeds, its arrays' records made anew."""
    for entry in content["arrays"].values():
        entry["seed"] += 100
        if entry["recipe"] == "feat" and entry["n"] == 180 and "blobs" not in entry:
            entry["n"] = 170
            if copies := entry.get("copies"):
                copies["rows"] = min(copies["rows"], 170)
    build.content = content
    for entry in content["arrays"].values():
        if entry["recipe"] == "feat":
            rows = build._feature(entry) if "copies" not in entry else None
            if rows is not None:
                entry["first"] = [float(value) for value in rows.ravel()[:3]]
                entry["sha256_f32_le"] = hashlib.sha256(rows.tobytes()).hexdigest()
    for entry in content["arrays"].values():
        if "copies" in entry:
            rows = build._feature(entry)
            entry["first"] = [float(value) for value in rows.ravel()[:3]]
            entry["sha256_f32_le"] = hashlib.sha256(rows.tobytes()).hexdigest()
    return content


def test_a_file_with_other_seeds_and_sizes_runs_without_a_change() -> None:
    other = GoldenFile(FILE)
    _with_other_seeds(other.content, other)
    skipped = (
        "ssim",
        "preprocess",
        "page",
        "jonckheere",
        "tost",
    )  # their recipes record a sum that is not ours to make
    differing = 0
    for case in other.cases:
        if case["id"].startswith(skipped):
            continue
        outputs = outputs_of(other, case)
        assert outputs.keys() == outputs_of(GOLDEN, CASES[case["id"]]).keys()
        differing += json.dumps(outputs, default=_plain) != json.dumps(
            outputs_of(GOLDEN, CASES[case["id"]]), default=_plain
        )
    assert differing > 25


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def test_an_unknown_case_is_refused_by_its_id() -> None:
    with pytest.raises(ValueError, match="'nobody_knows'"):
        outputs_of(GOLDEN, {"id": "nobody_knows", "outputs": {}})
