"""The loop: going on, logging no step twice, NaN, curricula, images."""

import json
import re

import pytest
import torch

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.testing.subject import Subject
from t2ibench.training.tracking.sample_images import captions_for_samples
from tests.stub_run import Poisoned
from tests.unit.training.conftest import Run


def same(one, other):
    one, other = one.weights(), other.weights()
    return set(one) == set(other) and all(torch.equal(one[key], other[key]) for key in one)


def logged(run):
    return [json.loads(line)["step"] for line in (run.folder.path / "metrics.jsonl").read_text().splitlines()]


def test_twenty_steps_are_ten_and_ten(subject):
    assert same(Run(subject, "one")(20), [Run(subject, "two")(steps) for steps in (10, 20)][-1])


def test_no_step_is_logged_twice(run):
    run(5)
    log = run.folder.path / "metrics.jsonl"
    with log.open("a") as file:
        file.write('{"step": 6, "generator/loss": 1}\n{"step": 7, "gen')  # written after the checkpoint, then killed
    run(9)
    assert logged(run) == list(range(1, 10))


def test_a_shorter_request_leaves_the_longer_ones_traces(run, subject, capsys):
    run(8)
    short = run(3)
    assert "at step 8 already" in capsys.readouterr().err
    assert logged(run) == list(range(1, 9))
    assert (run.folder.checkpoints / "step-000008").is_dir()
    assert same(short, Run(subject, "other")(3))


def test_all_checkpoints_damaged_starts_anew(run, subject, capsys):
    run(4)
    for path in run.folder.checkpoints.glob("*/networks.safetensors"):
        path.write_bytes(b"")
    again = run(4)
    assert capsys.readouterr().err.count("cannot be used") == 2
    assert same(again, Run(subject, "other")(4))


def test_nan_names_step_optimiser_and_last_good_checkpoint(tmp_path):
    subject = Subject("poisoned", tmp_path, {}, {"stub-encoder": {}})
    run = Run(subject)
    model = subject.build()
    assert isinstance(model, Poisoned)
    with pytest.raises(RunFailedError, match=re.escape("at step 8 the loss of optimiser 'generator' is nan")) as caught:
        run(12, model)
    assert "step-000006" in str(caught.value)
    assert logged(run) == list(range(1, 8))


def test_a_curriculum_of_phases_fixes_the_number_of_steps(tmp_path):
    subject = Subject("stub", tmp_path, {"phases": 2}, {"stub-encoder": {}})
    run = Run(subject)
    phases = []
    model = subject.build()
    original = model.updates

    def watched(batch, noise):
        phases.append(batch.phase)
        return original(batch, noise)

    model.updates = watched
    run(4, model)
    assert phases == ["phase 1"] * 2 + ["phase 2"] * 2
    with pytest.raises(UserError, match="phases"):
        run(8)


def test_images_and_their_captions(run, subject):
    captions = captions_for_samples(subject.manifest.captions("test"))
    run(4, captions=captions, image_steps=2)
    assert sorted(path.name for path in run.folder.samples.iterdir()) == [
        "captions.txt",
        "step-000002.png",
        "step-000004.png",
    ]
    assert captions[0].text in (run.folder.samples / "captions.txt").read_text()


def test_images_do_not_disturb_training(subject):
    captions = captions_for_samples(subject.manifest.captions("test"))
    assert same(Run(subject, "with")(6, captions=captions, image_steps=1), Run(subject, "without")(6))


def test_one_process_at_a_time(run):
    with run.folder.locked(), pytest.raises(UserError, match="Another process"), run.folder.locked():
        pass
