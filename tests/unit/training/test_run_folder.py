"""A run's folder belongs to one process at a time, which begins by clearing up after one that was killed."""

import json
from contextlib import ExitStack

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.files import atomic_path
from t2ibench.training.checkpoints.run_folder import RunFolder
from t2ibench.training.measured_time import training_seconds


def test_what_a_killed_process_was_writing_goes_and_what_was_written_stays(run):
    samples = run.folder.samples
    with ExitStack() as stack:
        temporary = stack.enter_context(atomic_path(samples / "step-000040.png"))
        temporary.write_bytes(b"half an image")
        (samples / "step-000020.png").write_bytes(b"an image")
        assert len(list(samples.iterdir())) == 2
        with run.folder.locked():  # by another process: this one was killed
            assert [path.name for path in samples.iterdir()] == ["step-000020.png"]
        temporary.touch()  # what ends the block expects it


def test_a_held_run_is_refused_and_what_its_holder_writes_stays(run):
    with run.folder.locked(), atomic_path(run.folder.path / "spec.json") as temporary:
        with pytest.raises(UserError, match="Another process is training"):
            RunFolder(run.folder.path, run.spec).locked().__enter__()
        assert temporary.exists()


def test_a_run_notes_its_time_with_each_checkpoint(run):
    for steps in (4, 8):
        run.folder.begin({"steps": steps}, {})
        run(steps)
    sessions = json.loads((run.folder.path / "provenance.json").read_text())["sessions"]
    assert [(one["first"], one["done"]) for one in sessions] == [(0, 4), (4, 8)]
    assert training_seconds(run.folder.path, 8) == pytest.approx(sum(one["seconds"] for one in sessions))
