"""Two processes train one model: the same images, the same noise, the same weights; they stop at the same step."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from t2ibench.core.noise import Noise
from tests.several_run import SEVERAL, STEPS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several")
    done = subprocess.run(
        [sys.executable, "-m", "tests.several_run", str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=1500
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(seen, key):
    """What all processes were given in each step, put together in their order."""
    return [[row for one in step for row in one[key]] for step in zip(*seen, strict=True)]


def exported(case):
    (run,) = case["runs"]
    return load_file(Path(run) / f"model/step-{STEPS:06d}/weights.safetensors")


def test_they_see_the_rows_that_one_sees(found):
    assert found["two"]["status"] == [0, 0], found["two"]["said"]
    one, two = found["one"]["seen"], found["two"]["seen"]
    assert rows(one, "captions") == rows(two, "captions") and len(rows(one, "captions")) == STEPS
    assert rows(one, "latents") == rows(two, "latents")
    first, second = two
    assert all(
        a["captions"] != b["captions"] and a["latents"] != b["latents"] for a, b in zip(first, second, strict=True)
    )
    assert rows(two, "latents")[3] == Noise(0).bind_step(3, 4).draw("z", (5,)).tolist()


def test_without_batch_norm_the_weights_are_those_of_one_process(found):
    one, two = exported(found["one"]), exported(found["two"])
    assert set(one) == set(two)
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-5, atol=1e-5)


def test_all_hold_the_same_state_and_draw_different_dropout(found):
    first, second = found["seen"]["seen"]
    assert [line["state"] for line in first] == [line["state"] for line in second]
    assert len({line["state"] for line in first}) == STEPS
    assert all(a["dropped"] != b["dropped"] for a, b in zip(first, second, strict=True))


def test_a_signal_to_one_stops_all_at_the_same_step_and_going_on_changes_no_bit(found):
    stopped, again = found["stopped"], found["again"]
    assert stopped["status"] == [130, 130]
    assert "Stopped after step 6 of 12 as asked; everything is saved" in stopped["said"][0]
    assert [len(lines) for lines in stopped["seen"]] == [6, 6]
    assert again["status"] == [0, 0] and "goes on from step 6" in again["said"][0]
    calm, resumed = exported(found["seen"]), exported(again)
    assert all(torch.equal(calm[name], resumed[name]) for name in calm)


def test_the_first_alone_speaks(found):
    for case in ("two", "seen", "stopped", "again", "odd", "encoder"):
        assert found[case]["said"][1] == "", found[case]["said"][1]


def test_what_cannot_be_shared_is_one_sentence(found):
    assert found["odd"]["status"] == [2, 2]
    assert "A batch of 5 cannot be shared evenly by 2 processes" in found["odd"]["said"][0]
    assert found["encoder"]["status"] == [2, 2]
    assert "so one process trains it" in found["encoder"]["said"][0]


def test_the_number_of_processes_is_part_of_the_identity_and_recorded(found):
    (one,), (two,) = found["one"]["runs"], found["two"]["runs"]
    assert Path(one).name != Path(two).name
    spec = json.loads((Path(two) / "spec.json").read_text())
    assert (spec["processes"], spec["batch_norm"]) == (2, "per process")
    described = json.loads((Path(two) / f"model/step-{STEPS:06d}/model.json").read_text())
    assert described["environment"]["processes"] == 2
    assert any("Trained by 2 processes" in note for note in described["card"]["notes"])
    log = [json.loads(line)["step"] for line in (Path(two) / "metrics.jsonl").read_text().splitlines()]
    assert log == sorted(set(log)) and log[-1] == STEPS


def test_torchrun_itself(tmp_path):
    (tmp_path / "benchmarks.toml").write_text(SEVERAL)
    where = ["--config", str(tmp_path / "benchmarks.toml"), "--workspace", str(tmp_path / "workspace")]
    options = ["train", "plain", "--data", "squares", "--encoder-steps", "2", "--steps", "2", "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m",
         "tests.several_run", *options, *where],
        cwd=ROOT,
        env=os.environ | {"SEEN": str(tmp_path / "seen"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (Path(done.stdout.strip()) / "weights.safetensors").is_file()
    assert (tmp_path / "seen-1").read_text().count("\n") == 2
