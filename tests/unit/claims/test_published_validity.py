"""The figures of docs/metric-validity.md and which-metric.md are those of the records beside them."""

import csv
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"
SECTION = re.compile(r"^## Values, (\w+), ([\w-]+),.*?\n(.*?)(?=^## |\Z)", re.M | re.S)
ROW = re.compile(r"^\| ([^|]*?) [↑↓] \|((?: -?[\d.e+-]+ \|)+)$", re.M)


@pytest.fixture(scope="module")
def studies():
    """(data set, protocol) -> (column, corruption) -> (title, values by rising strength)."""
    found = {}
    with (DOCS / "metric-validity.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            study = found.setdefault((row["dataset"], row["protocol"]), {})
            study.setdefault((row["column"], row["corruption"]), (row["title"], []))[1].append(float(row["value"]))
    return found


def cells(row):
    """Values of a row; a corruption of fewer strengths leaves the last ones blank."""
    return [float(cell) for cell in row.split("|") if cell.strip() not in ("", "-")]


def test_every_printed_value_is_recorded(studies):
    sections = SECTION.findall((DOCS / "metric-validity.md").read_text(encoding="utf-8"))
    assert {(dataset, protocol) for dataset, protocol, _ in sections} == set(studies)
    for dataset, protocol, text in sections:
        printed = [(title.replace("\\", ""), *cells(row)) for title, row in ROW.findall(text)]
        recorded = [
            (title, *(float(f"{one:.4g}") for one in values)) for title, values in studies[dataset, protocol].values()
        ]
        assert len(printed) > 10 and sorted(printed) == sorted(recorded)


@pytest.fixture(scope="module")
def answers():
    return (DOCS / "which-metric.md").read_text(encoding="utf-8")


def test_planted_copies_raise_memorisation_and_not_fid(studies, answers):
    study = studies["simbirds", "simbirds-extended"]
    assert study["neighbour-ratio-simnet", "planted"][1] == [0, 1, 5, 20]
    authentic, fid = (study[column, "planted"][1] for column in ("authenticity-simnet", "fid-simnet"))
    assert authentic == sorted(authentic, reverse=True) and fid[-1] < fid[0]
    first, *rest, last = (f"{one:.0f}" for one in authentic)
    assert f"AuthPct\nfrom {first} to {', '.join(rest)} and {last} %".replace("\n", " ") in answers
    assert f"FID *falls* from {fid[0]:.1f} to {fid[-1]:.1f}" in answers


def test_diversity_of_a_model_that_ignores_its_noise_is_nothing(studies, answers):
    study = studies["simbirds", "simbirds-noises"]
    diversity = study["caption-diversity-simnet", "ignored-noise"][1]
    assert diversity[-1] == 0 and f"from {diversity[0]:.3f} to exactly 0" in answers
    vendi = study["vendi-simnet", "ignored-noise"][1]
    assert vendi[-1] == pytest.approx(vendi[0], rel=0.05)


def test_counts_and_positions_move_their_own_column_alone(studies, answers):
    study = studies["simscenes", "simscenes-full"]
    counting, positional = "counting-alignment-simdetector", "positional-alignment-simobjects"
    wrong = study[counting, "counts"][1]
    assert wrong == sorted(wrong) and wrong[0] == 0 and f"raise CA from 0 to {wrong[-1]:.2f}" in answers
    placed = study[positional, "positions"][1]
    assert placed == sorted(placed, reverse=True) and (placed[0], placed[-1]) == (100, 0)
    assert set(study[counting, "positions"][1]) == {0} and set(study[positional, "counts"][1]) == {100}


def test_shuffled_captions_move_the_joint_distance_alone(studies, answers):
    study = studies["simbirds", "simbirds-extended"]
    joint, plain = (study[column, "captions"][1] for column in ("fjd-simclip", "fid-simnet"))
    assert f"shuffled: {joint[0]:.0f} to {joint[-1]:.0f}, FID {plain[0]:.1f} throughout" in answers
    assert plain == pytest.approx([plain[0]] * len(plain))
