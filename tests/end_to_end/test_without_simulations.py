"""Without t2ibench_simulations installed, the core does all it does on data of one's own, and says what is missing."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 40, 200), "yellow": (220, 210, 40)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 600 captioned squares of one's own."""
    place = tmp_path_factory.mktemp("place")
    own = place / "own"
    own.mkdir()
    draw = np.random.default_rng(0)
    for number in range(600):
        name = list(COLOURS)[number % 4]
        pixels = np.clip(np.array(COLOURS[name]) + draw.normal(0, 25, (32, 32, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(own / f"square{number:03}.png")
        (own / f"square{number:03}.txt").write_text(f"a {name} square of number {number % 7}\n")
    return place


def said(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    hidden = ROOT / "tests" / "without_simulations.py"
    common = ["--workspace", str(place / "workspace")]
    if arguments[0] != "report":
        common += ["--config", str(ROOT / "benchmarks.toml")]
    return subprocess.run(
        [sys.executable, str(hidden), *arguments, *common], capture_output=True, text=True, cwd=place, timeout=500
    )


def test_the_simulations_are_hidden_from_the_process(place: Path) -> None:
    hidden = said(place, "list", "datasets,features,metrics,truths", "--json")
    assert hidden.returncode == 0, hidden.stderr
    rows = json.loads(hidden.stdout)
    assert "t2ibench_simulations" not in hidden.stdout
    assert {"cub", "coco", "folder"} <= {row["name"] for row in rows["datasets"]}
    assert "simnet" not in {row["name"] for row in rows["features"]} and rows["truths"] == []


@pytest.mark.parametrize("arguments", [("quickstart",), ("quickstart", "--dry-run"), ("train", "attngan")])
def test_what_needs_them_says_so_in_one_sentence(place: Path, arguments: tuple[str, ...]) -> None:
    done = said(place, *arguments)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("Error: The data set simbirds needs the adapter 'simbirds', which no installed package")
    assert "t2ibench_simulations" in sentence


def test_the_doctor_finds_nothing_broken(place: Path) -> None:
    done = said(place, "doctor", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["healthy"]
    states = {one["name"]: one["state"] for one in found["data sets"]}
    assert states["simbirds"] == states["cub"] == "missing"
    assert not any("simbirds" in one["name"] for one in found["what would run"])


def test_from_a_folder_to_a_cell_of_the_table(place: Path) -> None:
    for arguments in (
        ("data", "prepare", "own", "--adapter", "folder", "--root", "own"),
        ("train", "stackgan_v2", "--data", "own", "--steps", "2", "--encoder-steps", "2", "--device", "cpu"),
        (
            "eval",
            "--models",
            "stackgan_v2",
            "--data",
            "own",
            "--metrics",
            "r-damsm",
            "--samples",
            "200",
            "--device",
            "cpu",
        ),
        ("report", "leaderboard", "--data", "own"),
    ):
        done = said(place, *arguments)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
    with (place / "workspace" / "reports" / "leaderboard" / "own" / "leaderboard.csv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["row"] == "stackgan_v2"]
    assert len(rows) == 1 and rows[0]["column"] == "r-damsm" and 0 <= float(rows[0]["value"]) <= 100
