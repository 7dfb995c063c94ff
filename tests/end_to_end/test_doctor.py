"""`t2ibench doctor`: what is here is named with its digest, what is missing with its source, what is broken fails."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from t2ibench.cli import main
from t2ibench.core.files import digest_of_file
from t2ibench.doctor import doctor
from t2ibench.doctor.torch_facts import probe
from tests.unit.evaluation.stubs import register_all, write_config

ROOT = Path(__file__).resolve().parents[2]
PROBED = {"gpus": [], "threads": 1, "cores": 2, "plugin_faults": {}}


@pytest.fixture
def child(monkeypatch):
    """Stands for the child process, which `test_the_child` starts for real."""

    def says(answer=PROBED, stderr="", code=0):
        text = answer if isinstance(answer, str) else json.dumps(answer)
        done = subprocess.CompletedProcess([], code, text, stderr)
        monkeypatch.setattr(doctor.subprocess, "run", lambda *_, **__: done)

    says()
    return says


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, child):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    register_all()
    write_config(tmp_path)

    def ask(*arguments):
        common = ["--config", str(tmp_path / "benchmarks.toml"), "--workspace", str(tmp_path / "workspace")]
        monkeypatch.setattr(sys, "argv", ["t2ibench", "doctor", *common, *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return left.value.code, said.out

    return ask


def state(text, title, name):
    return {one["name"]: (one["state"], one["text"]) for one in json.loads(text)[title]}[name]


def test_weights_are_found_checked_and_named(run, tmp_path):
    code, text = run("--json")
    assert code == 0 and json.loads(text)["healthy"]
    found = state(text, "weights", "brought")
    assert found[0] == "missing" and "https://example.org/brought.bin" in found[1] and "--weights-dir" in found[1]
    path = tmp_path / "own" / "brought.bin"
    path.parent.mkdir()
    path.write_bytes(b"weights")
    _, text = run("--json", "--weights-dir", str(path.parent))
    found = state(text, "weights", "brought")
    assert found[0] == "note" and str(path) in found[1] and digest_of_file(path) in found[1]
    config = tmp_path / "benchmarks.toml"
    plain = config.read_text()
    for digest, expected in ((digest_of_file(path)[:8], "ok"), ("0" * 8, "note")):
        config.write_text(plain.replace('file = "brought.bin"', f'file = "brought.bin"\nsha256 = "{digest}"'))
        _, text = run("--json", "--weights-dir", str(path.parent))
        assert state(text, "weights", "brought")[0] == expected
    assert "never ranked" in state(text, "weights", "brought")[1]


def test_what_would_run(run, tmp_path):
    _, text = run("--json")
    assert state(text, "what would run", "eval --data squares (protocol p)") == ("ok", "is, fid, r")
    assert state(text, "data sets", "squares") == ("ok", "drawn by code when it is first needed")
    config = tmp_path / "benchmarks.toml"
    config.write_text(config.read_text().replace('metrics = ["is", "fid", "r"]', 'metrics = ["is", "fid-brought"]'))
    _, text = run("--json")
    found = state(text, "what would run", "eval --data squares (protocol p)")
    assert found[0] == "note" and found[1].startswith("is; without fid-brought: The weights of brought")


def test_nothing_is_written_and_torch_is_not_imported(tmp_path):
    write_config(tmp_path)
    code = (
        "import subprocess, sys\nfrom t2ibench.cli import group\n"
        f"subprocess.run = lambda *a, **k: subprocess.CompletedProcess([], 0, {json.dumps(json.dumps(PROBED))}, '')\n"
        f"try: group.main(['doctor', '--workspace', {str(tmp_path / 'w')!r}], standalone_mode=False)\n"
        "except SystemExit as left: assert left.code == 0, left.code\n"
        "heavy = {'torch', 'torchvision'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert "what would run" in done.stdout and not (tmp_path / "w").exists()


def test_what_is_broken_fails(run, child, tmp_path):
    child({**PROBED, "plugin_faults": {"models: mine": "no module named mine"}})
    code, text = run("--json")
    assert code == 1 and state(text, "device and plug-ins", "models: mine") == ("broken", "no module named mine")
    child("", "Traceback\nImportError: libtorch.so is damaged", 1)
    code, text = run()
    assert code == 1 and "XX  torch: cannot be imported: ImportError: libtorch.so is damaged" in text
    child()
    damaged = tmp_path / "workspace" / "runs" / "stub" / "squares" / "abc" / "model" / "step-000004"
    damaged.mkdir(parents=True)
    (damaged / "model.json").write_text("{")
    code, text = run("--json")
    assert code == 1 and str(damaged) in state(text, "models", "step-000004")[1]


def test_what_the_child_says():
    said = json.loads(json.dumps(probe()))
    assert said.keys() == PROBED.keys() and said["threads"] >= 1 and said["cores"] >= 1 and not said["plugin_faults"]
