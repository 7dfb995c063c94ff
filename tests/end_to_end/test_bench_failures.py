"""A model that cannot be trained within a suite has a row in the report with its reason, until it is there."""

from __future__ import annotations

import sys

import pytest
import torch

from t2ibench.cli import main
from t2ibench.core.records import Results
from t2ibench.testing.stub_model import StubGAN
from tests import stub_run
from tests.unit.evaluation.stubs import register_all, write_config

POISONED = 'plugin = "poisoned"\n'
SUITE = """
[suites.two]
data = "squares"
models = ["stub", "poisoned"]
[suites.lost]
data = "squares"
models = ["poisoned"]
"""


@pytest.fixture
def bench(tmp_path, monkeypatch, capsys):
    torch.set_num_threads(1)
    register_all()
    config = write_config(tmp_path, lambda text: text.replace(POISONED, f'{POISONED}title = "Poisoned"\n') + SUITE)
    monkeypatch.chdir(tmp_path)
    workspace = tmp_path / "workspace"

    def run(*arguments):
        where = ["--config", str(config), "--workspace", str(workspace), "--device", "cpu"]
        monkeypatch.setattr(sys, "argv", ["t2ibench", "bench", *arguments, *where])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code, said.out, said.err

    return run, Results(workspace / "results"), workspace


def rows(results):
    """Return name of a trained row -> status of its records."""
    found = {}
    for record in results.latest()[0].values():
        if record.source.origin.value != "control":
            found.setdefault(record.source.title, set()).add(record.status)
    return found


def test_a_training_that_fails_is_a_row_until_it_succeeds(bench, monkeypatch):
    run, results, workspace = bench
    status, shown, said = run("two")
    assert status == 1 and "poisoned, on squares failed: Training poisoned on squares failed" in said
    assert rows(results) == {"Stub": {"ok"}, "Poisoned": {"failed"}}
    assert "Poisoned" in shown
    page = (workspace / "reports/leaderboard/squares/leaderboard.html").read_text()
    assert "Poisoned" in page and "at step 8 the loss" in page
    count = len(results.read()[0])
    assert run("two")[0] == 1  # the same failure again is the same row
    assert rows(results) == {"Stub": {"ok"}, "Poisoned": {"failed"}}
    assert len(results.read()[0]) > count
    monkeypatch.setattr(stub_run.Poisoned, "updates", StubGAN.updates)
    status, shown, said = run("two")
    assert status == 0, said
    assert rows(results) == {"Stub": {"ok"}, "Poisoned": {"ok"}}
    assert sum(line.strip().startswith("Poisoned") for line in shown.splitlines()) == 2, shown  # its number, its cost
    count = len(results.read()[0])
    assert run("two")[0] == 0 and len(results.read()[0]) == count


def test_a_suite_of_which_nothing_could_be_trained_is_reported_too(bench):
    run, results, _ = bench
    status, shown, _ = run("lost")
    assert status == 1 and "Poisoned" in shown and rows(results) == {"Poisoned": {"failed"}}


def test_the_first_failure_is_a_row_too_where_it_ends_the_suite(bench):
    run, results, _ = bench
    status, _, said = run("lost", "--stop")
    assert status == 1 and said.count("Error: Training poisoned on squares failed") == 1
    assert rows(results) == {"Poisoned": {"failed"}}
