"""The digit judge reads fresh scenes of test digits, held-out roles too; its sentences and its chance are exact."""

import itertools
import json

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import CaptionJudge, MetricInput
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench_simulations.metrics.scene_accuracy import DigitAccuracy, PositionAccuracy
from t2ibench_simulations.mnist_captions.digits import open_pool
from t2ibench_simulations.mnist_captions.scenes import TEMPLATES, Scene, choose_bans, draw_scene, paint
from t2ibench_simulations.mnist_captions.statements import (
    IN_PLACE,
    LAYOUTS,
    POSITIONS,
    SHOWN,
    STATEMENTS,
    layout_of,
    statements_in,
    true_statements,
)
from t2ibench_simulations.networks import digit_judge

CONTEXT = FeatureContext("digit-judge", FeatureEntry(plugin="digit-judge"))
COUNT = 200


@pytest.fixture(scope="module")
def judge():
    return open_extractor(CONTEXT)


@pytest.fixture(scope="module", params=[False, True], ids=["seen", "held-out"])
def scenes(request):
    """Scenes of digits that no training showed: (uint8 N x 3 x 60 x 60, scenes)."""
    pool, bans = open_pool("drawn", "test"), choose_bans(0)
    settings = {"held_out": request.param, "seed": 5, "split": "judge test"}
    found = [draw_scene(pool.labels, bans, index=index, **settings) for index in range(COUNT)]
    pixels = np.stack([paint(scene, [pool.image(one) for one in scene.digits]) for scene in found])
    return torch.from_numpy(pixels)[:, None].repeat(1, 3, 1, 1), found


def given_for(judge, pixels, texts, shift=0):
    captions = [Caption(str(row), text) for row, text in enumerate(texts)]
    return MetricInput(
        {"statements": judge.extract(pixels)["statements"].numpy()},
        caption_codes=judge.read(captions).numpy(),
        queries=(np.arange(len(pixels)) + shift) % len(pixels),
    )


@pytest.mark.parametrize("template", range(len(TEMPLATES)))
def test_a_caption_states_what_is_true_of_its_scene(template):
    digits = (3, 7) if template < 4 else (3,)
    scene = Scene(template, digits, digits, ((0, 0),) * len(digits))
    assert statements_in(scene.caption) == true_statements(layout_of(template), digits)
    assert statements_in(scene.caption.upper().replace(" ", "  ")) == statements_in(scene.caption)


def test_statements_by_hand():
    assert statements_in("the digit 7 is on the right of the digit 3 .") == {
        ("layout", "left and right"), ("shown", "3"), ("shown", "7"), ("left", "3"), ("right", "7"),
    }  # fmt: skip
    assert statements_in("the digit 4 is at the top of the digit 4 .") == {
        ("layout", "top and bottom"), ("shown", "4"), ("shown twice", "4"), ("top", "4"), ("bottom", "4"),
    }  # fmt: skip
    assert statements_in("the digit 0 is at the bottom left of the image .") == {
        ("layout", "bottom left"), ("shown", "0"), ("bottom left", "0"),
    }  # fmt: skip
    assert statements_in("a bird .") == statements_in("the digit 11 is at the top of the digit 4 .") == frozenset()


def test_parts_of_the_statements_are_named_rightly():
    subjects = [[STATEMENTS[at][0] for at in range(len(STATEMENTS))[part]] for part in (POSITIONS, SHOWN, IN_PLACE)]
    assert set(subjects[0]) == {"layout"} and len(subjects[0]) == 6
    assert set(subjects[1]) == {"shown", "shown twice"} and len(subjects[1]) == 20
    assert set(subjects[2]) == {place for places in LAYOUTS.values() for place in places} and len(subjects[2]) == 80
    assert sum(map(len, subjects)) == len(STATEMENTS) == len(set(STATEMENTS))


def test_chance_is_what_another_scene_of_the_same_kind_gets():
    """All 440 captions against all 440, each with its probability: nothing is drawn."""
    rows, weights = [], []
    for template in range(8):
        for digits in itertools.product(range(10), repeat=2 if template < 4 else 1):
            rows.append(true_statements(layout_of(template), digits))
            weights.append(1 / 8 / 10 ** len(digits))
    assert sum(weights) == pytest.approx(1)
    codes = np.array([[statement in row for statement in STATEMENTS] for row in rows], dtype=float)
    weight = np.array(weights)
    for metric, part in (
        (DigitAccuracy(), SHOWN), (DigitAccuracy(in_place=True), IN_PLACE), (PositionAccuracy(), POSITIONS),
    ):  # fmt: skip
        hits = weight @ (codes[:, part] @ codes[:, part].T) @ weight
        stated = weight @ codes[:, part].sum(axis=1)
        assert metric.chance == pytest.approx(100 * hits / stated, rel=1e-9)


def test_real_images_show_what_their_captions_state_and_others_do_not(judge, scenes):
    pixels, found = scenes
    own = given_for(judge, pixels, [scene.caption for scene in found])
    assert DigitAccuracy().estimate(own).value >= 97
    assert DigitAccuracy(in_place=True).estimate(own).value >= 97
    assert PositionAccuracy().estimate(own).value >= 99
    others = given_for(judge, pixels, [scene.caption for scene in found], shift=7)
    assert DigitAccuracy().estimate(others).value < 30
    assert DigitAccuracy(in_place=True).estimate(others).value < 12
    assert PositionAccuracy().estimate(others).value < 35


def test_a_digit_moved_to_another_corner_is_shown_but_not_in_place(judge):
    pool = open_pool("drawn", "test")
    corner = {"top left": (1, 2), "bottom right": (31, 30)}
    pixels = {name: [] for name in corner}
    for index in range(20):
        for name, place in corner.items():
            scene = Scene(4, (index,), (index % 10,), (place,))
            pixels[name].append(paint(scene, [pool.image(index)]))
    texts = [f"the digit {index % 10} is at the top left of the image ." for index in range(20)]
    for name, rows in pixels.items():
        given = given_for(judge, torch.from_numpy(np.stack(rows))[:, None].repeat(1, 3, 1, 1), texts)
        assert DigitAccuracy().estimate(given).value >= 90
        right = name == "top left"
        assert PositionAccuracy().estimate(given).value == (100 if right else 0)
        assert DigitAccuracy(in_place=True).estimate(given).value == pytest.approx(100 if right else 0, abs=10)


def test_noise_shows_no_more_than_chance_allows(judge, scenes):
    pixels, found = scenes
    noise = torch.randint(0, 256, pixels.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    given = given_for(judge, noise, [scene.caption for scene in found])
    assert DigitAccuracy().estimate(given).value < 35
    assert PositionAccuracy().estimate(given).value < 40


def test_it_is_a_judge_whose_features_do_not_depend_on_the_batch(judge, scenes):
    pixels = scenes[0]
    assert isinstance(judge, CaptionJudge) and judge.layers == {"statements": len(STATEMENTS)}
    whole = judge.extract(pixels[:70])["statements"]
    assert torch.equal(judge.extract(pixels[60:70])["statements"], whole[60:])
    assert judge.extract(pixels[:0])["statements"].shape == (0, len(STATEMENTS))
    twice = pixels[:30].repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert (judge.extract(twice)["statements"] == whole[:30]).all(dim=1).float().mean() > 0.9
    named = judge.describe(pixels[:5])
    for row, (layout, digits) in zip(whole.tolist(), named, strict=False):
        shown = {statement for statement, value in zip(STATEMENTS, row, strict=True) if value}
        assert shown == true_statements(layout, digits)


def test_the_card_tells_of_these_weights_and_they_are_small(judge):
    card = json.loads(digit_judge.DigitJudge.weights.with_name("card.json").read_text())
    assert card["weights_sha256"] == digest_of_file(digit_judge.DigitJudge.weights) == judge.identity.weights
    assert digit_judge.DigitJudge.weights.stat().st_size < 500_000
    assert len(card["accuracy"]) >= 3 and card["trained"]
    assert all(shares["layout"] > 0.99 and shares["digit"] > 0.9 for shares in card["accuracy"].values())
    assert peek_identity(CONTEXT) == judge.identity and judge.identity.standing == "stand-in"


def test_damaged_or_missing_weights_are_a_sentence(tmp_path, monkeypatch):
    cut = tmp_path / "weights.safetensors"
    cut.write_bytes(digit_judge.DigitJudge.weights.read_bytes()[:1000])
    monkeypatch.setattr(digit_judge.DigitJudge, "weights", cut)
    with pytest.raises(UserError, match="damaged"):
        open_extractor(CONTEXT)
    cut.unlink()
    with pytest.raises(UserError, match="missing"):
        peek_identity(CONTEXT)
