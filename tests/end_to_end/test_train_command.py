"""`t2ibench train` and `sample` as a user runs them: kills, signals, two at once, mistakes. Real processes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from t2ibench.cli import main
from tests.stub_run import register, write_benchmarks

ROOT = Path(__file__).resolve().parents[2]


def command(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tests.stub_run", arguments[0], *common(folder), *arguments[1:]],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def common(folder):
    return ["--config", str(folder / "benchmarks.toml"), "--workspace", str(folder / "workspace"), "--device", "cpu"]


def train(folder, *arguments, model="killed", **environment):
    options = ["--data", "squares", "--checkpoint-steps", "3", "--encoder-steps", "2"]
    return command(folder, "train", model, *options, *arguments, **environment)


@pytest.fixture
def folder(tmp_path):
    write_benchmarks(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    write_benchmarks(folder)
    done = train(folder)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def weights(path):
    return (Path(path) / "weights.safetensors").read_bytes()


def sentence(done):
    """The one line of an error, without a traceback."""
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.mark.parametrize("step", [2, 8, 12])
def test_a_kill_at_any_step_changes_no_bit(folder, uninterrupted, step):
    killed = train(folder, STUB_STEP=str(step), STUB_SIGNAL="SIGKILL")
    assert killed.returncode == -signal.SIGKILL
    again = train(folder)
    assert again.returncode == 0, again.stderr
    assert ("goes on from step" in again.stderr) == (step > 3)
    path = Path(again.stdout.strip())
    assert weights(path) == weights(uninterrupted)
    assert path.relative_to(folder) == uninterrupted.relative_to(uninterrupted.parents[6])
    log = [json.loads(line)["step"] for line in (path.parents[1] / "metrics.jsonl").read_text().splitlines()]
    assert log == sorted(set(log)) and log[-1] == 12


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_finishes_the_step_and_saves(folder, uninterrupted, name):
    stopped = train(folder, STUB_STEP="5", STUB_SIGNAL=name)
    assert stopped.returncode == 130
    assert "Stopped after step 5 of 12 as asked; everything is saved. Ask again to go on." in stopped.stderr
    assert "Traceback" not in stopped.stderr
    again = train(folder)
    assert "goes on from step 5" in again.stderr and weights(again.stdout.strip()) == weights(uninterrupted)


def test_a_damaged_newest_checkpoint(folder, uninterrupted):
    train(folder, STUB_STEP="8", STUB_SIGNAL="SIGKILL")
    newest = next((folder / "workspace/runs/killed").glob("squares/*/checkpoints/step-000006"))
    (newest / "networks.safetensors").write_bytes(b"nonsense")
    again = train(folder)
    assert "step-000006 cannot be used" in again.stderr and "goes on from step 3" in again.stderr
    assert weights(again.stdout.strip()) == weights(uninterrupted)


def test_two_at_once(folder):
    options = ["train", "killed", "--data", "squares", "--encoder-steps", "2"]
    environment = os.environ | {"STUB_STEP": "2", "STUB_SIGNAL": "SIGSTOP"}
    first = subprocess.Popen(
        [sys.executable, "-m", "tests.stub_run", *options, *common(folder)], cwd=ROOT, env=environment
    )
    try:
        for _ in range(600):
            _, status = os.waitpid(first.pid, os.WNOHANG | os.WUNTRACED)
            if status:
                break
            time.sleep(0.1)
        assert os.WIFSTOPPED(status)
        second = command(folder, *options)
        assert second.returncode == 2
        assert "Another process is training killed on squares" in sentence(second)
    finally:
        first.kill()
        first.wait()


def test_a_loss_that_is_not_finite(folder):
    done = train(folder, model="poisoned")
    assert done.returncode == 1
    assert re.search(r"step 8 the loss of optimiser 'generator' is nan; .*step-000006", sentence(done))


@pytest.fixture
def here(folder, monkeypatch, capsys):
    """Runs a command in this process, which spares the import of torch."""

    def run(name, *arguments):
        register()
        monkeypatch.setattr(sys, "argv", ["t2ibench", name, *common(folder), *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        output = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, left.value.code, output.out, output.err)

    return run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["stbu"], "Did you mean stub?"),
        (["stub:smal"], "Did you mean small?"),
        (["stub", "--data", "square"], "Did you mean squares?"),
        (["stub", "--set", "featurs=3"], "Did you mean features?"),
        (["stub", "--set", "features=none"], "Parameters of stub: key features"),
        (["stub", "--device", "tpu"], "'tpu' is not a device"),
        (["stub", "--batch-size", "100"], "fewer than a batch of 100"),
        (
            ["stub", "--precision", "16"],
            "unless the loss is scaled, which nothing here does. Take --precision bf16",
        ),
        (["stub", "--precision", "b16"], "Did you mean bf16?"),
    ],
)
def test_mistakes_are_one_sentence(here, arguments, expected):
    done = here("train", *(["--data", "squares"] if "--data" not in arguments else []), *arguments)
    assert done.returncode == 2 and expected in sentence(done)


def test_an_unwritable_workspace(here, folder):
    (folder / "workspace").write_text("a file")
    done = here("train", "stub", "--data", "squares")
    assert done.returncode != 0 and "workspace" in sentence(done)


def test_a_dry_run_prints_json_and_writes_nothing(here, folder):
    done = here("train", "stub", "--data", "squares", "--dry-run", "--set", "features=3", "--steps", "4")
    assert done.returncode == 0
    job = json.loads(done.stdout)
    assert job["spec"]["parameters"]["features"] == 3 and job["encoders"]["stub-encoder"]["steps"] == 4
    assert not (folder / "workspace").exists()


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ([], "32-true"),
        (["32"], "32-true"),
        (["32-true"], "32-true"),
        (["bf16"], "bf16-mixed"),
        (["BF16-mixed"], "bf16-mixed"),
    ],
)
def test_a_short_name_of_a_precision_is_the_full_one(here, given, full):
    asked = ["--precision", *given] if given else []
    job = json.loads(here("train", "stub", "--data", "squares", "--dry-run", *asked).stdout)
    assert job["spec"]["precision"] == full


def test_train_then_sample(here, folder):
    trained = here("train", "stub:small", "--data", "squares", "--steps", "2")
    assert trained.returncode == 0 and "WARNING: stub-encoder is trained for 2 steps only" in trained.stderr
    image = folder / "images" / "sheet.png"
    done = command(
        folder, "sample", "stub:small", "a red square", "this square is blue", "-o", str(image), "--attention"
    )
    assert done.returncode == 0 and done.stdout.strip() == str(image)
    assert image.read_bytes().startswith(b"\x89PNG")
    for text, expected in (("", "A caption is empty"), ("zebra zebra", "holds no word")):
        failed = here("sample", "stub:small", text, "-o", str(folder / "none.png"))
        assert failed.returncode == 2 and expected in sentence(failed)
    failed = here("sample", "stub:small", "a red square", "-o", str(folder / "benchmarks.toml" / "x.png"))
    assert failed.returncode == 2 and "Cannot write" in sentence(failed)
    assert not list(folder.glob("none*"))
