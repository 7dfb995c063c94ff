"""One evaluation by several processes: the numbers of one, nothing made twice, nothing lost with a killed worker."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.machine.workers import Workers
from t2ibench.core.place import Place
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.images.sources import ModelSource
from t2ibench.evaluation.measuring import collect as module
from t2ibench.evaluation.request.request import EvaluateRequest


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
            return evaluate(
                request,
                Place(
                    benchmarks, Apart(workspace.root), device="cpu", batch_size=batch_size, workers=Workers(rank, count)
                ),
            )

        with ThreadPoolExecutor(count) as pool:
            made = list(pool.map(work, range(count) if ranks is None else ranks))
        assert not any(made[1:])
        return made[0][0] if made[0] else None

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

    def what(source, chunk, extractors):
        return source.identity, chunk.digest, *sorted(one.name for one in extractors)

    def dies(source, chunk, extractors, *rest):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(what(source, chunk, extractors))
        return compute(source, chunk, extractors, *rest)

    monkeypatch.setattr(module, "_compute", dies)
    with pytest.raises(KeyboardInterrupt):
        run(2, ranks=[1], name="killed")
    again = []

    def counted(source, chunk, extractors, *rest):
        again.append(what(source, chunk, extractors))
        return compute(source, chunk, extractors, *rest)

    monkeypatch.setattr(module, "_compute", counted)
    finished = run(1, name="killed")
    assert len(done) == 3 and again and not set(done) & set(again)
    monkeypatch.setattr(module, "_compute", compute)
    assert facts(finished) == facts(run(1))


def test_a_worker_begins_with_its_own_range_and_then_helps():
    assert Workers(0, 3).order(7) == [0, 1, 2, 3, 4, 5, 6]
    assert Workers(1, 3).order(7) == [2, 3, 4, 5, 6, 0, 1]
    assert Workers(2, 3).order(7) == [4, 5, 6, 0, 1, 2, 3]
    for count in range(1, 6):
        for chunks in range(8):
            assert all(sorted(Workers(rank, count).order(chunks)) == [*range(chunks)] for rank in range(count))


def test_what_torchrun_says():
    assert Workers.of_environment({}) == Workers(0, 1, 0)
    assert Workers.of_environment({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}) == Workers(5, 8, 1)
    for wrong in ({"RANK": "2", "WORLD_SIZE": "2"}, {"RANK": "-1"}, {"RANK": "x"}):
        with pytest.raises(UserError, match="torchrun"):
            Workers.of_environment(wrong)


def test_workers_that_are_asked_for_are_started_here():
    assert Workers.asked(1, {}) == Workers() and Workers.asked(3, {}) == Workers(0, 3, 0, starts=True)
    torchrun = {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "1"}
    assert Workers.asked(1, torchrun) == Workers(1, 2, 1)
    with pytest.raises(UserError, match="leave --workers out"):
        Workers.asked(2, torchrun)


def test_what_srun_says():
    tasks = {"SLURM_PROCID": "1", "SLURM_NTASKS": "4", "SLURM_LOCALID": "0"}
    assert Workers.of_environment(tasks) == Workers(1, 4, 0)
    assert Workers.of_environment({**tasks, "RANK": "0", "WORLD_SIZE": "1"}) == Workers(0, 1, 0)  # torchrun in a task
    assert Workers.of_environment({"SLURM_NTASKS": "4"}) == Workers(0, 1, 0)  # a batch script's own process
    with pytest.raises(UserError, match="SLURM_PROCID 4 does not fit SLURM_NTASKS 4: start the workers with srun"):
        Workers.of_environment({**tasks, "SLURM_PROCID": "4"})
