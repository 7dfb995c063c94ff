"""Curves and samples of a run, in short."""

import json

import pytest
from PIL import Image

from t2ibench.evaluation.details.training_story import AGES, POINTS, SHOWN, curves_of, samples_of

SIDE, GAP = 8, 2


@pytest.fixture
def run(tmp_path):
    """A run of 3,000 steps: a line every ten, samples every hundred, the step in each image's red."""
    lines = [
        json.dumps({"step": step, "generator/loss": step / 10, "generator/real": 1.0, "d/loss": float(step % 20 == 0)})
        for step in range(10, 3001, 10)
    ]
    (tmp_path / "metrics.jsonl").write_text("\n".join([*lines, '{"step": 3010, "genera']))
    (tmp_path / "samples").mkdir()
    for step in range(100, 3001, 100):
        grid = Image.new("RGB", (4 * (SIDE + GAP) - GAP, 2 * (SIDE + GAP) - GAP), "white")
        for place in range(7):
            where = ((place % 4) * (SIDE + GAP), (place // 4) * (SIDE + GAP))
            grid.paste((step // 100, place, 0), (*where, where[0] + SIDE, where[1] + SIDE))
        grid.save(tmp_path / "samples" / f"step-{step:06d}.png")
    captions = "\n".join(f"{place + 1:2} caption {place}" for place in range(7))
    (tmp_path / "samples" / "captions.txt").write_text(f"Captions:\n{captions}\n")
    return tmp_path


def test_curves_are_means_of_stretches(run):
    curves = curves_of(run, 3000)
    assert set(curves) == {"generator/loss", "d/loss"}
    points = curves["generator/loss"]
    assert len(points) == POINTS
    assert points[0] == [20, 1.5] and points[-1] == [3000, 299.5]  # of steps 10 and 20, of 2,990 and 3,000
    assert {value for _, value in curves["d/loss"]} == {0.5}


def test_what_came_after_the_model_is_left_out(run):
    assert curves_of(run, 500)["generator/loss"][-1] == [500, 50.0]
    described, _ = samples_of(run, 500)
    assert described["steps"] == [100, 200, 300, 400, 500]


def test_samples_are_a_few_ages_of_a_few_captions(run):
    described, strip = samples_of(run, 3000)
    assert len(described["steps"]) == AGES and described["steps"][0] == 100 and described["steps"][-1] == 3000
    assert described["captions"] == [f"caption {place}" for place in range(SHOWN)]
    assert strip.size == (SIDE * AGES * SHOWN, SIDE)
    for age, step in enumerate(described["steps"]):
        for place in range(SHOWN):
            assert strip.getpixel(((age * SHOWN + place) * SIDE + 3, 3)) == (step // 100, place, 0)


def test_a_folder_that_is_no_run(tmp_path):
    assert curves_of(tmp_path, 10) == {}
    assert samples_of(tmp_path, 10) is None
