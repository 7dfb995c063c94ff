"""StackGAN through the command line: killed in its second stage it ends in the same bits; codes come from files."""

import io
import json
import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest

from t2ibench.cli import main
from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import ProtocolEntry, load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.images.sources import ModelSource
from t2ibench.models.folder import read_model_folder, unrecorded_files
from tests import stackgan_run

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ("train", "stacked", "--data", "squares", "--device", "cpu", "--threads", "1")
"""Bits are equal for one number of threads; that of this process is whatever tests before this one left."""


def options(folder):
    return ["--config", str(folder / "benchmarks.toml"), "--workspace", str(folder / "workspace")]


def command(*arguments):
    """Run the command line in this process."""
    stackgan_run.register()
    out, error, status = io.StringIO(), io.StringIO(), 0
    argv = ["t2ibench", *(str(argument) for argument in arguments)]
    with redirect_stdout(out), redirect_stderr(error), mock.patch.object(sys, "argv", argv):
        try:
            main()
        except SystemExit as end:
            status = end.code
    return SimpleNamespace(exit_code=status, stdout=out.getvalue(), stderr=error.getvalue())


def train(folder, *arguments):
    return command(*TRAIN, *options(folder), *arguments)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workspace with the model, trained at one go."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    stackgan_run.write_benchmarks(folder)
    done = train(folder)
    assert done.exit_code == 0, done.stderr
    return folder, Path(done.stdout.strip())


def weights(path):
    return (path / "weights.safetensors").read_bytes()


def test_a_kill_in_the_second_stage_changes_no_bit(trained, tmp_path):
    stackgan_run.write_benchmarks(tmp_path)
    arguments = [*TRAIN, "--checkpoint-steps", "2"]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.stackgan_run", *arguments, *options(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"STUB_STEP": "4"},  # of six, three a stage: the checkpoint left is of the first stage
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = train(tmp_path)
    assert "goes on from step 2" in again.stderr
    path = Path(again.stdout.strip())
    assert weights(path) == weights(trained[1])
    log = [json.loads(line) for line in (path.parents[1] / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [2, 6]  # a line a checkpoint, and one at the end
    assert {"generator/16/loss", "generator/64/loss"} <= set(log[1])
    assert train(tmp_path, "--steps", 8).exit_code == 2  # the stages' border would lie elsewhere


def test_the_folder_holds_digests_not_codes(trained):
    folder, path = trained
    encoder = read_model_folder(path).description.encoders["char_cnn_rnn"]
    assert encoder.parameters["dimension"] == 8 and set(encoder.parameters["digests"]) == {"train", "test"}
    assert encoder.trained.endswith("@0")
    assert {file.name for file in path.iterdir()} == {
        "manifest.json",
        "model.json",
        "vocabulary.json",
        "weights.safetensors",
    }
    runs = folder / "workspace" / "runs" / "char_cnn_rnn" / "squares"
    (stored,) = runs.glob("*/model/step-000000/weights.safetensors")
    assert stored.stat().st_size < 100


def test_a_typed_sentence_is_refused_in_one_sentence(trained, tmp_path):
    folder, path = trained
    done = command("sample", path, "a red square", "-o", tmp_path / "x.png", "--device", "cpu", *options(folder))
    assert done.exit_code == 2 and not (tmp_path / "x.png").exists()
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and "stacked cannot draw a sentence of yours" in errors[0]
    assert "codes from files" in errors[0] and "Traceback" not in done.stderr


def test_captions_of_the_data_set_are_drawn_until_a_file_changes(trained):
    folder, path = trained
    benchmarks, workspace = load_benchmarks(folder / "benchmarks.toml").content, Workspace(folder / "workspace")
    manifest = open_dataset("squares", benchmarks, workspace)
    plan = make_plan(manifest, ProtocolEntry(metrics=()), 4)
    model = read_model_folder(path)

    def images():
        source = ModelSource(model, device="cpu", resolution=64, quantise="round", data_root=manifest.root)
        return source.pixels_of(plan.items, plan.seed)

    assert images().shape == (4, 3, 64, 64)
    file = manifest.root / "test" / "char-CNN-RNN-embeddings.pickle"
    content = file.read_bytes()
    try:
        file.write_bytes((manifest.root / "train" / "char-CNN-RNN-embeddings.pickle").read_bytes())
        with pytest.raises(UserError, match="is not the file that the model was trained with"):
            images()
        planned = json.loads(train(folder, "--dry-run").stdout)
        assert planned["digest"] != model.description.spec and not planned["trained"]
    finally:
        file.write_bytes(content)
    planned = json.loads(train(folder, "--dry-run", "--batch-size", 4).stdout)
    assert planned["digest"] == model.description.spec and planned["trained"]


def test_without_the_files_a_model_says_what_it_lacks(tmp_path):
    stackgan_run.write_benchmarks(tmp_path)
    assert command("data", "prepare", "squares", *options(tmp_path)).exit_code == 0
    for file in (tmp_path / "workspace" / "data" / "squares").rglob("char-CNN*"):
        file.unlink()
    done = train(tmp_path)
    assert done.exit_code == 2 and "char-CNN-RNN-embeddings.pickle is missing" in done.stderr
    assert not (tmp_path / "workspace" / "runs").exists()


def test_an_imported_model_has_the_identity_of_the_files_that_are_there(trained):
    folder, path = trained
    benchmarks, workspace = load_benchmarks(folder / "benchmarks.toml").content, Workspace(folder / "workspace")
    root = open_dataset("squares", benchmarks, workspace).root
    model = read_model_folder(path)
    assert unrecorded_files(model, root) == {}
    described = model.description.encoders["char_cnn_rnn"]
    imported = described.model_copy(update={"parameters": {"dimension": 8, "digests": {}}})
    description = model.description.model_copy(update={"encoders": {"char_cnn_rnn": imported}})
    other = replace(model, description=description)
    found = unrecorded_files(other, root)
    assert found == {"data files": {"char_cnn_rnn": dict(described.parameters["digests"])}}

    def identity(root):
        return ModelSource(other, device="cpu", resolution=64, quantise="round", data_root=root).identity

    assert identity(root) != identity(None)
    assert unrecorded_files(other, folder) == {"data files": {"char_cnn_rnn": "missing"}}
