"""One evaluation by several processes: the numbers of one, nothing made twice, nothing lost with a killed worker."""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from t2ibench.cli import main
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.workers import Workers
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation import collect as module
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.request import EvaluateRequest
from t2ibench.evaluation.sources import ModelSource
from tests.unit.evaluation.stubs import register_all, write_config

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(place, trained, tmp_path, monkeypatch):
    """Evaluates with k workers, threads of this process, on a store of their own; returns the first one's answer."""
    monkeypatch.setattr(module, "CHUNK", 20)
    workspace, benchmarks = place

    def ask(count, *, ranks=None, name="", batch_size=8):
        class Apart(Workspace):
            store = tmp_path / f"store-{name or count}"
            results = tmp_path / f"results-{name or count}"

        request = EvaluateRequest(models=(str(trained.path),), datasets=("squares",), samples=50)

        def work(rank):
            (made,) = evaluate(
                request,
                Place(
                    benchmarks, Apart(workspace.root), device="cpu", batch_size=batch_size, workers=Workers(rank, count)
                ),
            )
            return made

        with ThreadPoolExecutor(count) as pool:
            made = list(pool.map(work, range(count) if ranks is None else ranks))
        assert all(not one.records for one in made[1:])
        return made[0]

    return ask


def facts(evaluation):
    return [
        (one.id, one.value, one.interval, one.images_digest, dict(one.spread), one.n, one.error)
        for one in evaluation.records
    ]


def test_any_number_of_workers_and_any_batch_size_give_the_same_records(run, monkeypatch):
    """Equal, not nearly equal."""
    alone = run(1)
    assert len(alone.records) == 17 and not alone.failed
    for count in (2, 3):
        assert facts(run(count)) == facts(alone)
    for batch_size in (1, 13):
        assert facts(run(1, name=f"batch-{batch_size}", batch_size=batch_size)) == facts(alone)


def test_no_image_is_made_twice(run, monkeypatch):
    made, lock = [], threading.Lock()
    images = ModelSource.pixels_of

    def counted(self, items, seed, **rest):
        with lock:
            made.extend((self.name, item.id) for item in items)
        return images(self, items, seed, **rest)

    monkeypatch.setattr(ModelSource, "pixels_of", counted)
    run(3)
    counts = {name: [one for one in made if one[0] == name] for name in ("stub", "untrained")}
    # The sample strip shows the first 16 anew, and of a model that is judged the 8 worst and the 8 best are kept.
    assert {name: len(found) for name, found in counts.items()} == {"stub": 66 + 16, "untrained": 66}
    assert all(len(set(found)) == 50 for found in counts.values())


def test_what_a_killed_worker_had_finished_is_used_and_the_rest_made(run, monkeypatch):
    compute, done = module._compute, []

    def dies(source, chunk, *rest):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(chunk.digest)
        return compute(source, chunk, *rest)

    monkeypatch.setattr(module, "_compute", dies)
    with pytest.raises(KeyboardInterrupt):
        run(2, ranks=[1], name="killed")
    again = []

    def counted(source, chunk, *rest):
        again.append(chunk.digest)
        return compute(source, chunk, *rest)

    monkeypatch.setattr(module, "_compute", counted)
    finished = run(1, name="killed")
    assert len(done) == 3 and not set(done) & set(again[:2])
    monkeypatch.setattr(module, "_compute", compute)
    assert facts(finished) == facts(run(1))


def test_a_worker_begins_with_its_own_range_and_then_helps():
    assert Workers(0, 3).order(7) == [0, 1, 2, 3, 4, 5, 6]
    assert Workers(1, 3).order(7) == [2, 3, 4, 5, 6, 0, 1]
    assert Workers(2, 3).order(7) == [4, 5, 6, 0, 1, 2, 3]
    for count in range(1, 6):
        for chunks in range(8):
            assert all(sorted(Workers(rank, count).order(chunks)) == [*range(chunks)] for rank in range(count))


def test_a_claim_is_exclusive_and_ends_with_its_block(tmp_path):
    one, two = Workers(0, 2), Workers(1, 2)
    with one.claim(tmp_path / "x", wait=True) as mine:
        assert mine
        with two.claim(tmp_path / "x", wait=False) as other:
            assert not other
        with two.claim(tmp_path / "y", wait=False) as other:
            assert other
    with two.claim(tmp_path / "x", wait=False) as mine:
        assert mine


def test_what_torchrun_says():
    assert Workers.of_environment({}) == Workers(0, 1, 0)
    assert Workers.of_environment({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}) == Workers(5, 8, 1)
    for wrong in ({"RANK": "2", "WORLD_SIZE": "2"}, {"RANK": "-1"}, {"RANK": "x"}):
        with pytest.raises(UserError, match="torchrun"):
            Workers.of_environment(wrong)


def test_what_srun_says():
    tasks = {"SLURM_PROCID": "1", "SLURM_NTASKS": "4", "SLURM_LOCALID": "0"}
    assert Workers.of_environment(tasks) == Workers(1, 4, 0)
    assert Workers.of_environment({**tasks, "RANK": "0", "WORLD_SIZE": "1"}) == Workers(0, 1, 0)  # torchrun in a task
    assert Workers.of_environment({"SLURM_NTASKS": "4"}) == Workers(0, 1, 0)  # a batch script's own process
    with pytest.raises(UserError, match="SLURM_PROCID 4 does not fit SLURM_NTASKS 4: start the workers with srun"):
        Workers.of_environment({**tasks, "SLURM_PROCID": "4"})


@pytest.mark.parametrize(
    ("rank_name", "place_name", "count_name"),
    [("RANK", "LOCAL_RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS")],
    ids=["torchrun", "srun"],
)
def test_two_processes(tmp_path, monkeypatch, capsys, rank_name, place_name, count_name):
    """Started as torchrun and as srun start them; a folder needs no model."""
    write_config(tmp_path, lambda text: text.replace(', "untrained"', ""))
    (tmp_path / "images").mkdir()
    for place in range(40):
        Image.new("RGB", (16, 16), (place * 6, 0, 99)).save(tmp_path / "images" / f"{place}.png")
    asked = ["eval", "--images", str(tmp_path / "images"), "--data", "squares", "--samples", "60", "--json"]
    asked += ["--config", str(tmp_path / "benchmarks.toml"), "--device", "cpu", "--metrics", "is,fid", "--workspace"]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.unit.evaluation.stubs", *asked, str(tmp_path / "together")],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", rank_name: str(rank), place_name: str(rank), count_name: "2"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    (first, errors), (second, more) = (process.communicate(timeout=900) for process in started)
    assert [process.returncode for process in started] == [0, 0], errors + more
    assert second == ""
    register_all()
    monkeypatch.setattr(sys, "argv", ["t2ibench", *asked, str(tmp_path / "alone")])
    with pytest.raises(SystemExit):
        main()
    one, two = (
        [(record["id"], record["value"], record["interval"]) for record in json.loads(text)]
        for text in (first, capsys.readouterr().out)
    )
    assert len(one) == 10 and one == two
