"""`t2ibench quickstart` with our own plug-ins, made tiny: draw, train, evaluate, report; then everything once more."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tiny_benchmarks() -> str:
    """Return our benchmarks.toml with two or three training steps, 80 birds and 60 samples."""
    text = (ROOT / "benchmarks.toml").read_text()
    text = re.sub(r"^steps = \d+", "steps = 2", text, flags=re.MULTILINE)
    # Models bring the DAMSM of these few birds with them, which judges too.
    text = text.replace('encoder_data = "simbirds-world"\n', "")
    # A brief run as long as the long one would be the same model.
    text = text.replace('trained briefly"\nsteps = 2', 'trained briefly"\nsteps = 3')
    text = text.replace("images = 4000, size = 96", "images = 80, size = 64")
    return re.sub(r"^samples = \d+", "samples = 60", text, flags=re.MULTILINE)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "t2ibench", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in (".", "baselines", "reports"))},
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("quickstart")
    (folder / "benchmarks.toml").write_text(tiny_benchmarks())
    return folder, run(folder, "quickstart", "--threads", "1")


def test_it_ends_well_with_a_table(finished):
    _, done = finished
    assert done.returncode == 0, done.stderr
    for row in ("AttnGAN", "StackGAN-v2", "Ground truth", "Shuffled captions", "Noise"):
        assert row in done.stdout
    assert "attngan needs damsm" in done.stderr


def test_every_number_is_a_sound_record(finished):
    folder, _ = finished
    lines = (folder / "workspace/results/records.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert {record["status"] for record in records} == {"ok"}, [r["error"] for r in records if r["error"]]
    rows = {record["source"]["name"] for record in records}
    assert rows == {
        "attngan", "dmgan", "stackgan_v2", "attngan:brief",
        "ground-truth", "real-train", "shuffled-captions", "noise", "untrained",
    }  # fmt: skip
    assert {record["metric"]["metric"] for record in records} == {
        "inception_score", "fid", "r_precision", "attribute_accuracy",
    }  # fmt: skip
    assert not [r for r in records if r["source"]["name"] == "real-train" and r["metric"]["metric"] == "r_precision"]
    for record in records:
        if record["metric"]["metric"] == "r_precision":
            assert record["interval"]["low"] <= record["value"] <= record["interval"]["high"]
            judged = record["source"]["name"] in ("attngan", "dmgan", "stackgan_v2", "attngan:brief", "untrained")
            taught = record["metric"]["column"] == "r-damsm"  # SimCLIP teaches nobody
            assert record["judge_seen_in_training"] == (judged and taught)


def test_real_images_beat_noise_even_here(finished):
    folder, _ = finished
    lines = (folder / "workspace/results/records.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    fid = {r["source"]["name"]: r["value"] for r in records if r["metric"]["metric"] == "fid"}
    assert fid["ground-truth"] < fid["real-train"] < fid["noise"]


def test_asking_again_changes_nothing(finished):
    folder, first = finished
    before = (folder / "workspace/results/records.jsonl").read_bytes()
    page = (folder / "workspace/reports/leaderboard").rglob("leaderboard.html")
    pages = {path: path.read_bytes() for path in page}
    assert pages
    again = run(folder, "quickstart", "--threads", "1")
    assert again.returncode == 0, again.stderr
    assert again.stdout == first.stdout
    assert (folder / "workspace/results/records.jsonl").read_bytes() == before
    assert {path: path.read_bytes() for path in pages} == pages


def test_models_can_be_sampled_and_evaluated_by_name(finished):
    folder, _ = finished
    drawn = run(folder, "sample", "attngan", "a small yellow bird with black wings", "-o", "bird.png", "--attention")
    assert drawn.returncode == 0, drawn.stderr
    assert (folder / "bird.png").read_bytes().startswith(b"\x89PNG")
    asked = run(folder, "eval", "--models", "attngan", "--samples", "60")
    assert asked.returncode == 0, asked.stderr
    assert "taking simbirds" in asked.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sample", "attngan", "", "-o", "x.png"], "caption"),
        (["sample", "attngan", "qwertyuiop", "-o", "x.png"], "qwertyuiop"),
        (["sample", "attngan", "a bird", "-o", "no/such/\0"], ""),
        (["eval", "--models", "atngan"], "Did you mean attngan"),
        (["eval", "--models", "attngan", "--metrics", "fid-simne"], "Did you mean fid-simnet"),
        (["eval", "--models", "attngan", "--protocol", "simbird-1"], "Did you mean simbirds-1"),
        (["quickstart", "--suite", "quikstart"], "Did you mean quickstart"),
        (["report", "leaderbord"], "Did you mean leaderboard"),
    ],
)
def test_mistakes_end_in_one_sentence(finished, arguments, expected):
    folder, _ = finished
    if "\0" in arguments[-1]:
        arguments = [*arguments[:-1], "benchmarks.toml/x.png"]
    done = run(folder, *arguments)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert expected in done.stderr
    assert not (folder / "x.png").exists()
