"""What a model took to be there, read from files: its numbers, its images, its seconds."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from t2ibench.evaluation.measuring.cost import images_shown, parameters_in
from t2ibench.training.measured_time import training_seconds


def test_parameters_are_counted_without_running_statistics(tmp_path):
    tensors = {
        "generator/conv.weight": np.zeros((4, 3, 2, 2), "f2"),
        "generator/conv.bias": np.zeros(4, "f2"),
        "generator/bn.running_mean": np.zeros(100, "f2"),
        "generator/bn.running_var": np.zeros(100, "f2"),
        "generator/bn.num_batches_tracked": np.zeros((), "i8"),
        "generator/scale": np.zeros((), "f4"),
    }
    save_file(tensors, tmp_path / "weights.safetensors")
    assert parameters_in(tmp_path / "weights.safetensors") == 48 + 4 + 1


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64, (20).to_bytes(8, "little") + b"no JSON at all here!"])
def test_other_files_have_no_count(tmp_path, content):
    (tmp_path / "weights.safetensors").write_bytes(content)
    assert parameters_in(tmp_path / "weights.safetensors") is None
    assert parameters_in(tmp_path / "none") is None


def test_images_are_steps_of_batches_of_one_size():
    assert images_shown(2000, {"batch_size": 16, "resolution": 64}) == 32_000
    assert images_shown(2000, {"batch_size": 16, "stage2_batch_size": None}) == 32_000
    assert images_shown(2000, {"batch_size": 128, "stage2_batch_size": 40}) is None
    assert images_shown(0, {"batch_size": 16}) == 0
    assert images_shown(10, {}) is None


def write_run(folder, sessions, exported):
    """Sessions are (steps, begun), exported models (steps, finished); minutes of one hour."""
    folder.mkdir(exist_ok=True)

    def clock(minute):
        return f"2026-01-01T00:{minute:02}:00+00:00"

    lines = [{"steps": steps, "created": clock(begun)} for steps, begun in sessions]
    (folder / "provenance.json").write_text(json.dumps({"sessions": lines}))
    for steps, finished in exported:
        model = folder / "model" / f"step-{steps:06d}"
        model.mkdir(parents=True)
        (model / "model.json").write_text(json.dumps({"created": clock(finished)}))


def test_sessions_add_up(tmp_path):
    write_run(tmp_path / "run", [(100, 0), (0, 20), (300, 30)], [(100, 10), (0, 20), (300, 45)])
    assert training_seconds(tmp_path / "run", 100) == 600
    assert training_seconds(tmp_path / "run", 300) == 600 + 900
    assert training_seconds(tmp_path / "run", 200) == 600 + 450
    assert training_seconds(tmp_path / "run", 301) is None
    assert training_seconds(tmp_path / "run", 0) == 0
    assert training_seconds(tmp_path / "nowhere", 100) is None


def test_a_run_that_was_stopped_on_the_way_without_a_note_has_no_time(tmp_path):
    write_run(tmp_path / "run", [(100, 0), (100, 30)], [(100, 40)])
    assert training_seconds(tmp_path / "run", 100) is None


def noted(folder, *sessions):
    """Sessions are (first, done, seconds); None is one that was killed before its first checkpoint."""
    folder.mkdir()
    keys = ("first", "done", "seconds")
    lines = [
        {"steps": 100, "created": ""} | ({} if one is None else dict(zip(keys, one, strict=True))) for one in sessions
    ]
    (folder / "provenance.json").write_text(json.dumps({"sessions": lines}))
    return folder


def test_stopped_sessions_add_up_and_lost_steps_count_once(tmp_path):
    run = noted(tmp_path / "run", (0, 40, 80.0), None, (40, 70, 30.0), (60, 100, 80.0), (100, 100, 5.0))
    assert training_seconds(run, 100) == 80 + 20 + 80
    assert training_seconds(run, 20) == 40
    assert training_seconds(run, 101) is None


def test_a_gap_between_sessions_has_no_time(tmp_path):
    assert training_seconds(noted(tmp_path / "run", (0, 40, 80.0), (50, 100, 50.0)), 100) is None
