"""Trainings as jobs of this machine, two at a time: real processes with the stub plug-ins."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest

from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.studies.bench import cluster as bench_cluster
from t2ibench.studies.bench.cluster import Cluster
from t2ibench.studies.bench.plan import BenchRequest, plan_bench
from t2ibench.studies.bench.training_jobs import train_as_jobs
from t2ibench.training.train import ensure_trained
from tests.stub_run import register, write_benchmarks

SUITE = """
[suites.three]
data = "squares"
models = ["stub", "stub:small", "poisoned"]
[suites.three.budgets.endless]
steps = { stub = 1000000, poisoned = 1000000 }
encoder_steps = 2
"""


@pytest.fixture
def side_by_side(tmp_path, monkeypatch):
    """Run the suite's trainings two at a time; return (failures, items, benchmarks, workspace)."""
    register()
    write_benchmarks(tmp_path)
    config = tmp_path / "benchmarks.toml"
    config.write_text(config.read_text() + SUITE)
    monkeypatch.setattr(bench_cluster, "_COMMAND", (sys.executable, "-m", "tests.stub_run"))
    benchmarks = load_benchmarks(config).content

    def run(**request):
        workspace = Workspace.at(tmp_path / "workspace")
        items = plan_bench(BenchRequest("three", **request), Place(benchmarks, workspace))
        cluster = Cluster("local", config, at_once=2)
        failures = train_as_jobs(items, Place(benchmarks, workspace, device="cpu"), cluster)
        return failures, items, benchmarks, workspace

    return run


def test_models_are_those_of_one_after_the_other_and_a_failure_stops_nothing(side_by_side, tmp_path):
    failures, items, benchmarks, workspace = side_by_side()
    assert list(failures) == ["poisoned, on squares"]
    assert "at step 8 the loss" in failures["poisoned, on squares"]
    alone = Workspace.at(tmp_path / "alone")
    for item in items[:2]:
        assert item.job is not None
        here = ensure_trained(item.request, Place(benchmarks, workspace, device="cpu"))
        there = ensure_trained(item.request, Place(benchmarks, alone, device="cpu"))
        assert (here / "weights.safetensors").read_bytes() == (there / "weights.safetensors").read_bytes()
    assert len(list((workspace.runs / "stub-encoder").glob("*/*/model/*"))) == 1
    again, *_ = side_by_side()
    assert again == failures  # what is trained is no job any more


def test_a_signal_ends_all_with_everything_saved(side_by_side, tmp_path):
    runs = tmp_path / "workspace" / "runs"

    def stop():
        deadline = time.monotonic() + 300
        # The encoder and both models have trained a step.
        while sum(path.stat().st_size > 0 for path in runs.glob("stub*/squares/*/metrics.jsonl")) < 3:
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        side_by_side(budget="endless")
    saved = {path.parent.parent.parent.parent.name for path in runs.glob("*/squares/*/checkpoints/step-*")}
    assert {"stub", "stub--small"} <= saved
