"""`t2ibench train --quick-metrics --select`: what is measured meanwhile, and which weights are exported."""

import json
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from t2ibench.cli import main
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.request.untrained_twin import untrained_twin
from t2ibench.models.folder import read_model_folder
from tests.unit.evaluation.stubs import register_all, write_config


@pytest.fixture
def train(tmp_path, monkeypatch, capsys):
    register_all()
    write_config(tmp_path)
    where = ["--config", str(tmp_path / "benchmarks.toml"), "--workspace", str(tmp_path / "workspace")]

    def run(*arguments):
        options = ["--data", "squares", "--device", "cpu", "--encoder-steps", "2", "--threads", "1", "--track", ""]
        monkeypatch.setattr(sys, "argv", ["t2ibench", "train", "stub", *options, *where, *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        output = capsys.readouterr()
        return left.value.code, output.out.strip(), output.err

    return run


def test_the_best_weights_are_exported_and_recorded(train, tmp_path):
    status, out, said = train("--steps", "6", "--quick-metrics", "2", "--select", "best-of", "r-precision")
    assert status == 0, said
    folder = read_model_folder(Path(out))
    run = folder.path.parents[1]
    log = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    found = {line["step"]: (line["quick/r-precision"], line["quick/kid"]) for line in log if "quick/kid" in line}
    assert sorted(found) == [2, 4, 6] and all(0 <= percent <= 100 for percent, _ in found.values())
    assert len({kid for _, kid in found.values()}) == 3
    best = max(found, key=lambda step: (found[step][0], -step))
    selected = folder.description.selected
    assert (selected["step"], selected["metric"]) == (best, "r-precision")
    assert selected["value"] == pytest.approx(found[best][0], rel=1e-5)
    assert f"after step {best} of 6: the best r-precision" in " ".join(folder.card.notes)
    assert (run / "best/weights.safetensors").read_bytes() == (folder.path / "weights.safetensors").read_bytes()
    assert json.loads((run / "spec.json").read_text())["select"] == "best-of r-precision every 2 n 150 version 1"
    benchmarks = load_benchmarks(tmp_path / "benchmarks.toml").content
    twin = read_model_folder(untrained_twin(folder, Place(benchmarks, Workspace(tmp_path / "workspace"))))
    assert (twin.steps, twin.description.selected) == (0, {})

    watched = Path(train("--steps", "6", "--quick-metrics", "2")[1])
    calm = Path(train("--steps", "6")[1])
    assert watched == calm and calm.parents[1] != run  # measuring is no part of the identity, selecting is
    last, chosen = load_file(calm / "weights.safetensors"), load_file(folder.path / "weights.safetensors")
    assert any((last[name] != chosen[name]).any() for name in last) == (best != 6)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--select", "best-of", "kid"], "--select needs --quick-metrics STEPS"),
        (["--select", "best-of", "kid", "--quick-metrics", "9", "--steps", "6"], "6 steps have no quick metric"),
        (["--track", "wandbb"], "Did you mean wandb"),
    ],
)
def test_mistakes_are_one_sentence(train, arguments, expected):
    status, _, said = train(*arguments)
    assert status == 2 and expected in said and "Traceback" not in said
