"""A suite by several processes: one trains, all measure, and the records are those of one."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from t2ibench.core.machine.workers import Workers
from t2ibench.core.place import Place
from t2ibench.core.records import RECORDS
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.measuring.table import Table
from t2ibench.studies.bench.bench import run_bench
from t2ibench.studies.bench.plan import BenchRequest
from tests.unit.evaluation.stubs import register_all, write_config

SUITE = """
[suites.one]
data = "squares"
models = ["stub"]
"""


@pytest.fixture
def bench(tmp_path):
    torch.set_num_threads(1)
    register_all()
    benchmarks = load_benchmarks(write_config(tmp_path, lambda text: text + SUITE)).content

    def run(name, *workers):
        class Apart(Workspace):
            store = tmp_path / name / "store"
            results = tmp_path / name / "results"

        def work(one):
            return run_bench(BenchRequest("one"), Place(benchmarks, Apart(tmp_path / "all"), "cpu", 1, workers=one))

        with ThreadPoolExecutor(len(workers)) as pool:
            outcomes = list(pool.map(work, workers))
        assert not any(outcome.evaluations or outcome.failures for outcome in outcomes[1:])
        lines = (Apart.results / RECORDS).read_text().splitlines()
        records = [{**json.loads(line), "created": "", "cost": None} for line in lines]
        return [one.id for one in outcomes[0].evaluations[0].records], sorted(map(json.dumps, records))

    return run


def test_records_are_those_of_one_worker(bench, monkeypatch):
    shared, by = Table.share, []

    def noted(table, rows):
        by.append(table.workers.rank)
        shared(table, rows)

    monkeypatch.setattr(Table, "share", noted)
    three = bench("three", *(Workers(rank, 3) for rank in range(3)))
    assert sorted(by) == [0, 1, 2]  # those who train nothing waited for the model
    assert len(three[1]) > 10 and bench("one", Workers()) == three
