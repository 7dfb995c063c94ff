"""`t2ibench eval` as a user runs it: a table, mistakes in one sentence, nothing twice. Real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from t2ibench.cli import main
from tests.unit.evaluation.stubs import register_all, write_config

ROOT = Path(__file__).resolve().parents[2]


def common(folder):
    return ["--config", str(folder / "benchmarks.toml"), "--workspace", str(folder / "workspace"), "--device", "cpu"]


def command(folder, name, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "tests.unit.evaluation.stubs", name, *common(folder), *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "TORCH_HOME": str(folder / "hub")},
        capture_output=True,
        text=True,
        timeout=600,
    )


def sentence(done):
    """The one line of an error, without a traceback."""
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eval")
    write_config(folder)
    done = command(folder, "train", "stub", "--data", "squares", "--steps", "4", "--encoder-steps", "4")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def here(folder, monkeypatch, capsys):
    """Runs the command in this process, which spares the import of torch."""

    def run(*arguments):
        register_all()
        monkeypatch.setenv("TORCH_HOME", str(folder / "hub"))
        monkeypatch.setattr(sys, "argv", ["t2ibench", "eval", *common(folder), *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        output = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, left.value.code, output.out, output.err)

    return run


def records(folder):
    path = folder / "workspace" / "results" / "records.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def test_a_table_and_asking_again(folder):
    asked = ["eval", "--models", "stub", "--samples", "60"]
    done = command(folder, *asked)
    assert done.returncode == 0, done.stderr
    assert "No --data given: taking squares" in done.stderr
    for word in ("Stub", "Ground truth", "Shuffled captions", "Noise", "IS", "FID", "R-precision"):
        assert word in done.stdout, word
    kept = records(folder)
    assert len(kept) == 17
    again = command(folder, *asked)
    assert (again.returncode, again.stdout) == (0, done.stdout) and records(folder) == kept


def test_another_batch_size_changes_no_number(here):
    asked = ["--models", "stub", "--data", "squares", "--samples", "50", "--json", "--metrics", "is,fid"]
    values = []
    for batch_size, seed in (("7", "3"), ("50", "3"), ("50", "4")):
        done = here(*asked, "--batch-size", batch_size, "--seed", seed)
        values.append([record["value"] for record in json.loads(done.stdout)])
    assert values[0] == values[1] != values[2]


def test_json_is_the_records(here):
    done = here("--models", "stub", "--data", "squares", "--samples", "40", "--no-controls", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert [(one["source"]["name"], one["metric"]["column"], one["n"]) for one in found] == [
        ("stub", column, 40) for column in ("is", "fid", "r")
    ]
    assert all(one["schema"] == 2 and one["status"] == "ok" for one in found)


def test_a_number_that_cannot_be_had(here, folder):
    asked = ["--models", "stub", "--data", "squares", "--samples", "40", "--no-controls", "--metrics", "fid-brought,is"]
    done = here(*asked)
    assert done.returncode == 1 and "IS" in done.stdout
    assert "brought.bin" in sentence(done) and "--weights-dir" in sentence(done)
    (folder / "brought.bin").write_bytes(b"weights")
    brought = here(*asked, "--weights-dir", str(folder))
    assert brought.returncode == 0 and "Error" not in brought.stderr


def test_a_column_that_no_row_has_is_told(here):
    asked = ["--models", "stub", "--data", "squares", "--samples", "40", "--no-controls"]
    alone = here(*asked, "--metrics", "bound")
    assert alone.returncode == 1 and alone.stdout == ""
    assert "No row has a number for bound:" in sentence(alone) and "stub has no likelihood bound" in sentence(alone)
    beside = here(*asked, "--metrics", "bound,is")
    assert beside.returncode == 1 and "IS" in beside.stdout and "no likelihood bound" in sentence(beside)


def test_too_few_images(here):
    done = here("--models", "stub", "--data", "squares", "--samples", "5", "--no-controls", "--metrics", "fid")
    assert done.returncode == 1 and "needs at least 10 images and was given 5" in sentence(done)


def test_a_dry_run_prints_json_and_writes_nothing(here, folder):
    before = sorted(folder.rglob("*"))
    done = here("--models", "stub", "--data", "squares", "--dry-run", "--seed", "9", "--metrics", "r")
    assert done.returncode == 0
    (planned,) = json.loads(done.stdout)
    assert planned["dataset"] == "squares" and planned["metrics"] == ["r"]
    assert (planned["protocol"]["name"], planned["protocol"]["seed"]) == ("p", 9)
    assert [one["name"] for one in planned["models"]] == ["stub"] and "untrained" in planned["controls"]
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("extra", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--models", "stbu"], "Did you mean stub?"),
        (["--models", "stub:smal"], "Did you mean small?"),
        (["--models", "stub", "--data", "square"], "Did you mean squares?"),
        (["--models", "stub", "--metrics", "fdi"], "Did you mean fid"),
        (["--models", "stub", "--protocol", "pp"], "Did you mean p?"),
        (["--models", "poisoned"], "`t2ibench train poisoned --data squares` trains it"),
        (["--models", "stub,killed"], "`t2ibench train killed --data squares` trains it"),
        (["--models", "no/such/folder"], "not a model folder"),
        (["--models", ","], "No model was named"),
    ],
)
def test_mistakes_are_one_sentence(here, folder, arguments, expected, extra):
    before = records(folder)
    done = here(*(["--data", "squares"] if "--data" not in arguments else []), *arguments, *extra)
    assert done.returncode == 2 and expected in sentence(done)
    assert done.stdout == "" and records(folder) == before


def test_no_such_device(here):
    done = here("--models", "stub", "--data", "squares", "--device", "tpu")
    assert done.returncode == 2 and "'tpu' is not a device" in sentence(done)
