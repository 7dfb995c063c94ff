"""What happens beside the steps: checkpoints that stay, the disk's space, trackers, quick metrics, signals."""

import json
import os
import shutil
import signal
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.training.checkpoints.checkpoint import checkpoint_bytes
from t2ibench.training.compute import Compute
from t2ibench.training.interruption import Interruption
from t2ibench.training.loop import train
from t2ibench.training.quick import Best, QuickMetrics
from t2ibench.training.tracking.trackers import check_trackers

COMPUTE = Compute(log_steps=1, checkpoint_steps=2)


def go(run, steps, compute=COMPUTE, **rest):
    model = run.subject.build()
    with run.folder.locked():
        return train(
            model,
            run.subject.data(model),
            spec=run.spec,
            steps=steps,
            folder=run.folder,
            device=torch.device("cpu"),
            compute=compute,
            **rest,
        )


def kept(run):
    return sorted(int(path.name[5:]) for path in run.folder.checkpoints.glob("step-*"))


def test_milestones_stay_whatever_is_asked_later(run):
    run(10, keep_checkpoints=1, keep_every=4)
    assert kept(run) == [4, 8, 10]
    run(14)
    assert kept(run) == [4, 8, 12, 14]
    assert len([path for path in run.folder.checkpoints.iterdir()]) == 4


def test_a_milestone_is_written_on_its_step(run):
    run(7, checkpoint_steps=None, keep_every=3)
    assert kept(run) == [3, 6, 7]


def test_the_estimate_of_a_checkpoint_is_its_size(run, engine, subject):
    before = checkpoint_bytes(engine)
    engine.step(subject.data(engine.model).batch(0, "phase 1"), 0)
    run(1)
    size = sum(path.stat().st_size for path in (run.folder.checkpoints / "step-000001").iterdir())
    assert before == pytest.approx(checkpoint_bytes(engine), rel=0.02)
    assert size == pytest.approx(before, rel=0.2)


def space(monkeypatch, free):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr("shutil.disk_usage", lambda place: usage._replace(free=free()))


def test_a_run_without_room_for_its_checkpoints_does_not_begin(run, engine, monkeypatch):
    needed = 3 * checkpoint_bytes(engine)
    space(monkeypatch, lambda: needed - 1)
    with pytest.raises(RunFailedError, match=r"left, but training up to step 4 \(3 more checkpoints\).*--keep-checkp"):
        run(4)
    assert kept(run) == [] and not (run.folder.path / "metrics.jsonl").exists()
    space(monkeypatch, lambda: needed)
    run(4)
    space(monkeypatch, lambda: needed - 1)  # two are there already: one more at a time
    run(6)
    with pytest.raises(RunFailedError, match="left, but"):
        run(12, keep_every=1)


def test_a_disk_that_fills_up_keeps_what_is_there(run, monkeypatch):
    left = iter([10**12] * 3 + [1000] * 9)
    space(monkeypatch, lambda: next(left))
    with pytest.raises(RunFailedError, match="1 kB left, but the checkpoint after step 6 will take about"):
        run(8)
    assert kept(run) == [2, 4]


@pytest.fixture
def wandb(monkeypatch):
    told = []
    module = types.ModuleType("wandb")
    module.__spec__ = ModuleSpec("wandb", None)
    module.init = lambda **given: told.append(("init", given))
    module.log = lambda values, step: told.append((step, values))
    module.Image = lambda path: f"image {Path(path).name}"
    module.finish = lambda: told.append(("finish", None))
    monkeypatch.setitem(sys.modules, "wandb", module)
    return told


def test_wandb_is_told_what_the_log_is(run, subject, wandb):
    captions = subject.manifest.captions("test")[:2]
    go(run, 2, Compute(log_steps=1, image_steps=2, track=("wandb",)), captions=captions)
    (_, given), *logged, (last, _) = wandb
    assert (given["project"], given["resume"], last) == ("t2ibench", "allow", "finish")
    assert given["name"] == given["id"] == f"stub-squares-{run.spec.digest[:12]}"
    assert given["config"]["parameters"] == dict(run.spec.parameters)
    assert [step for step, _ in logged] == [1, 2, 2] and "generator/loss" in logged[0][1]
    assert logged[-1][1] == {"samples": "image step-000002.png"}
    assert not (run.folder.path / "tensorboard").exists()


def test_trackers_that_are_not_there(wandb, monkeypatch):
    check_trackers(("wandb",))
    with pytest.raises(UserError, match="Did you mean wandb"):
        check_trackers(("wandbb",))
    monkeypatch.setattr("t2ibench.training.tracking.trackers.find_spec", lambda name: None)
    with pytest.raises(UserError, match="--track trackio was asked for, but trackio is not installed: pip install"):
        check_trackers(("trackio",))


def measured(*values, higher=False):
    """Quick metrics every second step that give these values in turn."""
    given = iter(values)
    return QuickMetrics(2, lambda device: {"kid": next(given)}, "kid", higher)


def test_the_best_weights_are_kept(run, subject):
    go(run, 4, quick=measured(3.0, 1.0))
    wanted = {name: tensor.clone() for name, tensor in go(run, 4).exported().items()}
    go(run, 8, quick=measured(1.0, 2.0))  # equal to the best is not better
    tensors, facts = Best(run.folder.best).load()
    assert facts == {"step": 4, "metric": "kid", "value": 1.0}
    assert set(tensors) == set(wanted) and all(torch.equal(tensors[name], wanted[name]) for name in wanted)
    log = [json.loads(line) for line in (run.folder.path / "metrics.jsonl").read_text().splitlines()]
    assert [(line["step"], line["quick/kid"]) for line in log if "quick/kid" in line] == [
        (2, 3),
        (4, 1),
        (6, 1),
        (8, 2),
    ]


def test_quick_metrics_change_no_weight(run, subject, tmp_path):
    watched = go(run, 4, quick=measured(1.0, 2.0, higher=True)).weights()
    again = type(run)(subject, "calm")
    calm = go(again, 4).weights()
    assert all(torch.equal(watched[name], calm[name]) for name in calm)
    assert Best(run.folder.best).facts()["step"] == 4


def test_the_best_of_a_run_that_went_on_is_not_that_of_its_beginning(run):
    go(run, 8, quick=measured(1.0, 2.0, 3.0, 4.0))
    with pytest.raises(UserError, match="is at step 8 already, and the best of all its steps is kept"):
        go(run, 4, quick=measured(1.0, 2.0))


@pytest.fixture
def interrupts():
    """Ctrl-C does what it does in a terminal, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_echo_of_a_signal_is_not_a_second_one(interrupts):
    with Interruption(echo=60.0) as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.requested
    with pytest.raises(KeyboardInterrupt), Interruption() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.requested
        os.kill(os.getpid(), signal.SIGINT)
