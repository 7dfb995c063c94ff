"""Checkpoints: complete or absent, the last two kept, damaged ones passed over with a sentence."""

import errno
import os
import shutil
import signal
import sys

import pytest
import torch

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.training.checkpoints.checkpoint import NETWORKS, TRAINER, Checkpoints
from t2ibench.training.engine.losses import NotFiniteError


@pytest.fixture
def said():
    return []


@pytest.fixture
def checkpoints(tmp_path, said):
    return Checkpoints(tmp_path / "checkpoints", said.append)


def test_the_last_two_are_kept(checkpoints, engine):
    for step in (2, 4, 6, 10):
        checkpoints.save(engine, step)
    assert checkpoints.steps() == [6, 10]
    assert checkpoints.newest(at_most=9) == 6


@pytest.mark.parametrize("file", [NETWORKS, TRAINER, "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "remove", "empty"])
def test_a_damaged_one_is_passed_over(checkpoints, engine, said, file, damage):
    checkpoints.save(engine, 2)
    checkpoints.save(engine, 4)
    path = checkpoints.path(4) / file
    content = path.read_bytes()
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flip":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    assert checkpoints.newest(at_most=100) == 2
    assert len(said) == 1 and "step-000004 cannot be used" in said[0]
    assert checkpoints.steps() == [2]


def test_state_comes_back(checkpoints, engine, subject):
    data = subject.data(engine.model)
    engine.step(data.batch(0, "phase 1"), 0)
    checkpoints.save(engine, 1)
    kept = {key: value.clone() for key, value in engine.weights().items()}
    engine.step(data.batch(1, "phase 1"), 1)
    checkpoints.load(engine, 1)
    assert all(torch.equal(value, kept[key]) for key, value in engine.weights().items())


def test_weights_that_are_not_finite_are_not_saved(checkpoints, engine):
    checkpoints.save(engine, 2)
    engine.model.generator[0].weight.data[0, 0] = float("nan")
    with pytest.raises(NotFiniteError, match=r"generator/0\.weight"):
        checkpoints.save(engine, 4)
    assert checkpoints.steps() == [2]


def test_a_full_disk_leaves_the_old_ones(checkpoints, engine, monkeypatch):
    checkpoints.save(engine, 2)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("t2ibench.training.checkpoints.checkpoint.write_tensors", full)
    with pytest.raises(RunFailedError, match="No space left on device"):
        checkpoints.save(engine, 4)
    assert checkpoints.steps() == [2] and checkpoints.newest(9) == 2
    assert [path.name for path in checkpoints.folder.iterdir()] == ["step-000002"]


def test_an_unwritable_place_is_a_users_error(tmp_path, engine):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write the checkpoint"):
        Checkpoints(tmp_path / "file" / "checkpoints", print).save(engine, 1)


def test_leftovers_of_a_killed_process_are_removed(checkpoints, engine, said):
    checkpoints.save(engine, 2)
    left = checkpoints.folder / ".step-000004.part-xyz"
    shutil.copytree(checkpoints.path(2), left)
    again = Checkpoints(checkpoints.folder, said.append)
    assert not left.exists() and again.newest(9) == 2


FILE_OPERATIONS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree"}


def kill_before_operation(number, folder):
    """End this process with SIGKILL right before its nth operation on a file below `folder`."""
    left = [number]

    def watch(event, arguments):
        if event in FILE_OPERATIONS and any(str(folder) in str(one) for one in arguments):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def test_a_kill_before_any_file_operation_leaves_sound_checkpoints(checkpoints, engine, said):
    checkpoints.save(engine, 2)
    checkpoints.save(engine, 4)
    for operation in range(1, 100):
        child = os.fork()
        if child == 0:
            try:
                kill_before_operation(operation, checkpoints.folder)
                checkpoints.save(engine, 6)
                os._exit(0)
            finally:
                os._exit(1)
        status = os.waitpid(child, 0)[1]
        killed = os.WIFSIGNALED(status)
        assert killed or status == 0
        again = Checkpoints(checkpoints.folder, said.append)
        newest = again.newest(at_most=9)
        assert newest in (4, 6) and said == []
        if not killed:
            break
        assert not [path for path in again.folder.iterdir() if path.name.startswith(".")]
        shutil.rmtree(again.path(6), ignore_errors=True)
        again.save(engine, 2)
    assert operation > 10 and newest == 6 and again.steps() == [4, 6]


def test_another_models_checkpoint_is_refused(checkpoints, engine):
    path = checkpoints.save(engine, 2)
    engine.model.generator = None
    engine._networks["generator"] = torch.nn.Linear(2, 2)
    with pytest.raises(RunFailedError, match="does not fit"):
        checkpoints.load(engine, 2)
    assert path.exists()
