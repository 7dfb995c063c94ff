"""Rows that a user brings, as a user brings them: through the command line."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from t2ibench.cli import main
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.training.compute import Compute
from t2ibench.training.request import TrainRequest
from t2ibench.training.train import ensure_trained
from tests.unit.evaluation.stubs import register_all, write_config

DRAW = """
import json, pathlib, sys
from PIL import Image
captions, out = map(pathlib.Path, sys.argv[1:3])
lines = [json.loads(line) for line in captions.read_text().splitlines()]
colours = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220), "yellow": (230, 210, 40)}
for line in lines:
    named = [colours[word] for word in line["caption"].split() if word in colours]
    shade = line["seed"] % 23 + line["sample"]
    Image.new("RGB", (16, 16), tuple(max(value - shade, 0) for value in named[0])).save(out / line["file"])
print("drawn", file=sys.stderr)
if len(sys.argv) > 3:
    print("Traceback ...", "MemoryError: out of paint", sep="\\n", file=sys.stderr)
    sys.exit(3)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("external")
    write_config(folder)
    (folder / "sampler.py").write_text(DRAW)
    return folder


@pytest.fixture(scope="module")
def trained(folder):
    register_all()
    benchmarks = load_benchmarks(folder / "benchmarks.toml").content
    compute = Compute(image_steps=100)
    request = TrainRequest.of("stub", dataset="squares", steps=4, encoder_steps=4)
    ensure_trained(
        request, Place(benchmarks, Workspace(folder / "workspace"), device="cpu", threads=1), compute=compute
    )
    return folder


def common(folder):
    return ["--config", str(folder / "benchmarks.toml"), "--workspace", str(folder / "workspace"), "--device", "cpu"]


@pytest.fixture
def here(folder, monkeypatch, capsys):
    def run(name, *arguments):
        register_all()
        monkeypatch.setattr(sys, "argv", ["t2ibench", name, *arguments, *common(folder)])
        with pytest.raises(SystemExit) as left:
            main()
        output = capsys.readouterr()
        assert "Traceback (most" not in output.err
        return subprocess.CompletedProcess(arguments, left.value.code, output.out, output.err)

    return run


def values(done):
    return {
        (one["source"]["name"], one["metric"]["column"]): one["value"] if one["status"] == "ok" else one["error"]
        for one in json.loads(done.stdout)
    }


BARE = ("--data", "squares", "--no-controls", "--json", "--samples", "60")


def test_from_a_model_to_a_folder_and_back(trained, here):
    out = trained / "images"
    made = here("sample", "stub", "--data", "squares", "--out", str(out), "-n", "60")
    assert made.returncode == 0 and "60 images and a manifest.jsonl" in made.stdout
    assert len(list(out.glob("*.png"))) == 60
    done = here("eval", "--models", "stub", "--images", str(out), "--name", "folder", *BARE)
    assert done.returncode == 0, done.stderr
    found = values(done)
    assert len(found) == 6
    for column in ("is", "fid", "r"):
        assert found["stub", column] == found["folder", column]
    again = here("sample", "stub", "--data", "squares", "--out", str(out))
    assert again.returncode == 2 and "is not empty" in again.stderr
    wrong = here("sample", "stub", "a red square", "--data", "squares", "--out", str(out))
    assert wrong.returncode == 2 and "no CAPTION" in wrong.stderr
    assert here("sample", "stub").returncode == 2


def test_a_command_is_a_row(folder, here):
    command = f"{sys.executable} {folder / 'sampler.py'} {{captions}} {{out}}"
    done = here("eval", "--command", command, "--name", "painter", *BARE)
    assert done.returncode == 0, done.stderr
    found = values(done)
    assert found["painter", "r"] > 25  # chance is 10; captions of one colour share the hit
    again = here("eval", "--command", command, "--name", "painter", *BARE)
    assert values(again) == found
    (folder / "sampler.py").write_text(DRAW.replace("- shade", "- shade - 40"))
    changed = here("eval", "--command", command, "--name", "painter", *BARE)
    assert values(changed)["painter", "fid"] != found["painter", "fid"]  # another program, other images


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "{python} {sampler} {{captions}} {{out}} fail",
            "ended with status 3: drawn / Traceback ... / MemoryError: out",
        ),
        ("{python} -c pass {{captions}} {{out}}", "left no image in the folder"),
        ("{python} {sampler} {{captions}}", "lacks {out}"),
        ("{python} {sampler} {{out}}", "lacks {captions}"),
        ("no-such-program {{captions}} {{out}}", "cannot be started"),
        ("{python} 'quote {{captions}} {{out}}", "look at its quotes"),
    ],
)
def test_a_command_that_fails_is_one_sentence(folder, here, command, said):
    text = command.format(python=sys.executable, sampler=folder / "sampler.py")
    done = here("eval", "--command", text, *BARE)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert done.returncode in (1, 2) and said in line


def test_statistics_made_read_and_shown(folder, here, tmp_path):
    path = tmp_path / "train.npz"
    made = here("statistics", str(path), "--data", "squares", "--features", "colours", "--split", "train")
    assert made.returncode == 0 and "statistics of 48 images" in made.stdout
    command = f"{sys.executable} {folder / 'sampler.py'} {{captions}} {{out}}"
    plain = here("eval", "--command", command, "--metrics", "fid", *BARE)
    same = here("eval", "--command", command, "--metrics", "fid,is", "--reference-statistics", str(path), *BARE)
    assert same.returncode == 0, same.stderr
    assert values(same)["command", "fid"] == pytest.approx(values(plain)["command", "fid"], rel=1e-6)
    first, second = (json.loads(done.stdout)[0] for done in (plain, same))
    assert second["metric"]["reference"] != first["metric"]["reference"] and second["id"] != first["id"]
    assert "ref train.npz" in second["metric"]["subtitle"] and not second["warnings"]
    with np.load(path) as content:
        np.savez(tmp_path / "theirs.npz", mu=content["mu"], sigma=content["sigma"])
    row = here("eval", "--statistics", str(tmp_path / "theirs.npz"), "--name", "real", *BARE)
    assert row.returncode == 0, row.stderr
    (record,) = json.loads(row.stdout)  # FID alone: no IS, no R-precision from a mean and a covariance
    assert record["value"] == pytest.approx(0, abs=1e-6) and record["interval"] is None
    assert record["source"]["origin"] == "external-images" and "is not known" in record["warnings"][0]


def test_statistics_of_another_network_are_refused(here, tmp_path):
    np.savez(tmp_path / "inception.npz", mu=np.zeros(2048), sigma=np.eye(2048))
    reference = ("--reference-statistics", str(tmp_path / "inception.npz"))
    (tmp_path / "x").mkdir()
    from PIL import Image

    for place in range(20):
        Image.new("RGB", (16, 16), (place * 9, 0, 99)).save(tmp_path / "x" / f"{place}.jpg")
    done = here("eval", "--images", str(tmp_path / "x"), *reference, "--metrics", "fid,is", *BARE)
    assert done.returncode == 1 and isinstance(values(done)["x", "is"], float)
    assert "2048 numbers an image" in values(done)["x", "fid"]


def test_mistakes(folder, here, tmp_path):
    for arguments, said in (
        (("--images", str(tmp_path / "none"), *BARE), "wants the folder that the images lie in"),
        (("--images", str(tmp_path), *BARE), "There is no image in"),
        (("--statistics", str(tmp_path / "none.npz"), *BARE), "does not exist"),
        (("--images", str(tmp_path), "--json"), "Name the data set with --data"),
        (("--images", str(tmp_path), "--name", "a", "--name", "b", *BARE), "2 names"),
    ):
        done = here("eval", *arguments)
        assert done.returncode == 2 and said in done.stderr and done.stdout == "", arguments


def test_statistics_of_one_image_are_refused_and_nothing_is_written(here, tmp_path):
    (tmp_path / "one").mkdir()
    Image.fromarray(np.zeros((16, 16, 3), dtype=np.uint8)).save(tmp_path / "one" / "x.png")
    path = tmp_path / "one.npz"
    done = here(
        "statistics", str(path), "--data", "squares", "--features", "colours", "--images", str(tmp_path / "one")
    )
    assert done.returncode == 2 and "at least 10" in done.stderr and not path.exists()
