"""`t2ibench bench` with stub plug-ins: budgets, seeds, failures that stop nothing, estimates from earlier runs."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.spec.recipes import settings_for
from t2ibench.core.workspace import Workspace
from t2ibench.training.measured_time import seconds_a_step


def benchmarks(**suite) -> Benchmarks:
    values = {
        "schema": 1,
        "datasets": {"squares": {"adapter": "squares", "protocol": "p"}},
        "protocols": {"p": {"metrics": []}},
        "models": {
            "stub": {
                "plugin": "stub",
                "steps": 12,
                "variants": {"small": {"parameters": {"features": 4}, "on": {"squares": {"features": 5}}}},
            }
        },
        "suites": {"s": {"data": "squares", "models": ["stub", "stub:small"], **suite}},
    }
    return Benchmarks.model_validate(values)


def test_a_variant_may_differ_on_one_data_set():
    entry = benchmarks().models["stub"]
    assert settings_for(entry, "squares", "small")[1] == {"features": 5}
    assert settings_for(entry, "cub", "small")[1] == {"features": 4}


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ({"budgets": {"small": {"steps": {"stab": 3}}}}, "Did you mean stub"),
        ({"budgets": {"small": {"steps": {"stub:smal": 3}}}}, "Did you mean small"),
        ({"budgets": {"full": {}}}, "cannot be called"),
        ({"budgets": {"small": {"steps": {"stub": 0}}}}, "greater than or equal to 1"),
        ({"seeds": [-1]}, "greater than or equal to 0"),
        ({"snapshots": [1.0]}, "less than 1"),
        ({"protocol": "pp"}, "Did you mean p"),
    ],
)
def test_a_wrong_suite_is_refused(suite, expected):
    with pytest.raises(ValueError, match=expected):
        benchmarks(**suite)


def run(folder: Path, started: str, exported: str | None, steps: int, *, earlier: tuple[dict, ...] = ()) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sessions = [*earlier, {"created": started, "steps": steps}]
    (folder / "provenance.json").write_text(json.dumps({"sessions": sessions}))
    if exported:
        model = folder / "model" / f"step-{steps:06d}"
        model.mkdir(parents=True)
        (model / "model.json").write_text(json.dumps({"created": exported}))


def test_the_pace_is_that_of_whole_sessions(tmp_path):
    workspace = Workspace.at(tmp_path)
    assert seconds_a_step(workspace, "stub", "", "squares") is None
    here = tmp_path / "runs/stub/squares/aaaa"
    run(here, "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:00+00:00", 120)
    assert seconds_a_step(workspace, "stub", "", "squares").seconds == 0.5
    assert seconds_a_step(workspace, "stub", "small", "squares").source == "stub/aaaa"  # of the model, for its variant
    assert seconds_a_step(workspace, "stub", "", "cub") is None
    stopped = tmp_path / "runs/other/squares/bbbb"
    run(stopped, "2026-01-01T00:00:00+00:00", None, 120)
    assert seconds_a_step(workspace, "other", "", "squares") is None  # killed: nobody knows how far it came
    first = {"created": "2026-01-01T00:00:00+00:00", "steps": 120}
    run(here, "2026-01-02T00:00:00+00:00", "2026-01-02T00:10:00+00:00", 420, earlier=(first,))
    assert seconds_a_step(workspace, "stub", "", "squares").seconds == 2.0  # 300 further steps in 600 seconds


def asked(monkeypatch, *, failing=(), keep_going=True, tmp_path, protocol="", **request):
    """Run the suite with training and evaluation replaced; return (outcome, requests trained, models evaluated)."""
    from t2ibench.studies.bench import bench
    from t2ibench.studies.bench.plan import BenchRequest
    from tests.stub_run import register

    register()
    trained, evaluated = [], []

    def train(one, *rest, **more):
        trained.append(one)
        if (one.variant or one.name) in failing:
            raise failing[one.variant or one.name]
        return tmp_path / (one.variant or one.name) / str(one.seed)

    def evaluate(one, *rest, **more):
        evaluated.append(one)
        return []

    monkeypatch.setattr(bench, "ensure_trained", train)
    monkeypatch.setattr(bench, "evaluate", evaluate)
    suite = {"budgets": {"small": {"steps": {"stub": 3, "stub:small": 2}, "encoder_steps": 5}}, "protocol": protocol}
    outcome = bench.run_bench(
        BenchRequest("s", **request), Place(benchmarks(**suite), Workspace.at(tmp_path)), keep_going=keep_going
    )
    return outcome, trained, evaluated


def test_snapshots_that_are_there_are_measured(tmp_path):
    from t2ibench.studies.bench.plan import BenchItem

    models = tmp_path / "model"
    for steps in (2, 8):
        (models / f"step-{steps:06d}").mkdir(parents=True)
        (models / f"step-{steps:06d}" / "model.json").write_text("{}")
    item = BenchItem("stub", "squares", job=SimpleNamespace(snapshots=(2, 4), spec=None))
    found = item.with_snapshots(models / "step-000008")
    assert [path.name for path in found] == ["step-000002", "step-000008"]


def test_seeds_and_budget_reach_the_training(monkeypatch, tmp_path):
    outcome, trained, evaluated = asked(monkeypatch, tmp_path=tmp_path, budget="small", seeds=(0, 1))
    assert [(one.variant, one.seed, one.steps, one.encoder_steps) for one in trained] == [
        ("", 0, 3, 5), ("small", 0, 2, 5), ("", 1, 3, 5), ("small", 1, 2, 5),
    ]  # fmt: skip
    assert len(evaluated) == 1 and len(evaluated[0].models) == 4
    assert outcome.failures == ()


def test_a_suites_protocol_judges_its_models_and_a_missing_one_is_the_data_sets(monkeypatch, tmp_path):
    for protocol, expected in (("p", "p"), ("", None)):
        _, _, evaluated = asked(monkeypatch, tmp_path=tmp_path / protocol, protocol=protocol)
        assert evaluated[0].protocol == expected


def test_a_failure_is_told_and_the_rest_goes_on(monkeypatch, tmp_path):
    failing = {"stub": UserError("The disk is full."), "small": ZeroDivisionError("by zero")}
    outcome, trained, evaluated = asked(monkeypatch, failing=failing, tmp_path=tmp_path)
    assert [failure.reason for failure in outcome.failures] == ["The disk is full.", "ZeroDivisionError: by zero"]
    assert len(trained) == 2 and evaluated == []
    del failing["small"]
    outcome, _, evaluated = asked(monkeypatch, failing=failing, tmp_path=tmp_path)
    assert [failure.what for failure in outcome.failures] == ["stub, on squares"]
    assert len(evaluated[0].models) == 1
    with pytest.raises(UserError, match="disk is full"):
        asked(monkeypatch, failing=failing, tmp_path=tmp_path, keep_going=False)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [({"budget": "smal"}, "Did you mean small"), ({"datasets": ("square",)}, "Did you mean squares")],
)
def test_names_are_checked_first(monkeypatch, tmp_path, request_, expected):
    with pytest.raises(UserError, match=expected):
        asked(monkeypatch, tmp_path=tmp_path, **request_)


def test_comparisons_are_kept_once(tmp_path):
    from t2ibench.core.records import COMPARISONS, Results

    results = Results(tmp_path)
    assert results.comparisons() == []
    results.keep_comparison({"n": 1, "text": "a\u2028b"})
    results.keep_comparison({"n": 2})
    results.keep_comparison({"n": 1, "text": "a\u2028b"})
    assert [one["n"] for one in results.comparisons()] == [1, 2]
    with (tmp_path / COMPARISONS).open("a") as file:
        file.write('{"cut')
    assert [one["n"] for one in results.comparisons()] == [1, 2]
