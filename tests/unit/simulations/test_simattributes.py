"""SimAttributes says what freshly drawn birds look like, reads their captions, and the two agree."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import CaptionJudge, MetricInput
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import Caption
from t2ibench.data.batches.transforms import base_image, central_square
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench_simulations.metrics.attribute_accuracy import AttributeAccuracy
from t2ibench_simulations.networks import simattributes
from t2ibench_simulations.simbirds.appearance import appearance_for
from t2ibench_simulations.simbirds.attributes import WORDS
from t2ibench_simulations.simbirds.captions import captions_for
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.simbirds.statements import STATEMENTS, statements_in, true_statements

CONTEXT = FeatureContext("simattributes", FeatureEntry(plugin="simattributes"))
COUNT = 250


@pytest.fixture(scope="module")
def judge():
    return open_extractor(CONTEXT)


@pytest.fixture(scope="module")
def birds():
    """Birds of the test species, cut as evaluation cuts them: (uint8 N x 3 x 64 x 64, appearances)."""
    test = [species for species in all_species() if species.split == "test"]
    seen, appearances = [], []
    for number in range(COUNT):
        appearance = appearance_for(test[number % len(test)].attributes, 990_000 + number)
        drawing = draw_bird(appearance, 96)
        seen.append(np.asarray(central_square(base_image(drawing.image, drawing.box, 64), 64)))
        appearances.append(appearance)
    return torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).contiguous(), appearances


def given_for(judge, pixels, texts, shift=0):
    """Images, each with a caption of its own (or of the image `shift` further on)."""
    captions = [Caption(str(row), text) for row, text in enumerate(texts)]
    return MetricInput(
        {"statements": judge.extract(pixels)["statements"].numpy()},
        caption_codes=judge.read(captions).numpy(),
        queries=(np.arange(len(pixels)) + shift) % len(pixels),
    )


@pytest.mark.parametrize(
    ("attribute", "least"),
    [(part, 0.93) for part in ("crown", "head", "back", "wing", "breast", "belly", "tail", "bill")]
    + [("wing_pattern", 0.93), ("breast_pattern", 0.93), ("head_mark", 0.88), ("tail_length", 0.9), ("size", 0.9)]
    + [("bill_length", 0.85), ("bill_shape", 0.75)],
)
def test_it_names_what_is_drawn(judge, birds, attribute, least):
    pixels, appearances = birds
    said = judge.describe(pixels)[attribute]
    truth = [getattr(appearance.attributes, attribute) for appearance in appearances]
    assert np.mean([one == other for one, other in zip(said, truth, strict=True)]) >= least


def test_legs_are_named_where_they_can_be_seen(judge, birds):
    pixels, appearances = birds
    said = judge.describe(pixels)["legs"]
    right = [one == a.attributes.legs for one, a in zip(said, appearances, strict=True) if a.pose.perch != "air"]
    assert np.mean(right) >= 0.93


def test_real_images_show_what_their_captions_state_and_others_do_not(judge, birds):
    pixels, appearances = birds
    texts = [captions_for(appearance)[0] for appearance in appearances]
    own = AttributeAccuracy().estimate(given_for(judge, pixels, texts))
    assert own.value >= 92
    assert AttributeAccuracy(whole_captions=True).estimate(given_for(judge, pixels, texts)).value >= 75
    others = AttributeAccuracy().estimate(given_for(judge, pixels, texts, shift=7))
    assert others.value <= 45
    noise = torch.randint(0, 256, pixels.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert AttributeAccuracy().estimate(given_for(judge, noise, texts)).value <= 45


def test_one_wrong_wing_costs_exactly_its_statements(judge):
    species = next(one for one in all_species() if one.split == "test" and one.attributes.wing_pattern == "plain")
    other = replace(species.attributes, wing="blue" if species.attributes.wing != "blue" else "red")
    images, texts = [], []
    for seed in range(30):
        appearance = appearance_for(species.attributes, seed)
        drawing = draw_bird(replace(appearance, attributes=other), 96)
        images.append(np.asarray(central_square(base_image(drawing.image, drawing.box, 64), 64)))
        texts.append(f"this bird has {species.attributes.wing} wings and a {species.attributes.belly} belly")
    pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    assert AttributeAccuracy().estimate(given_for(judge, pixels, texts)).value == pytest.approx(50, abs=7)


def test_its_statements_are_those_true_of_the_words_it_says(judge, birds):
    pixels = birds[0][:12]
    named = judge.describe(pixels)
    rows = judge.extract(pixels)["statements"]
    for row in range(12):
        attributes = replace(all_species()[0].attributes, **{name: named[name][row] for name in WORDS})
        shown = {statement for statement, value in zip(STATEMENTS, rows[row].tolist(), strict=True) if value}
        assert shown == true_statements(attributes)


def test_captions_are_read_with_the_generator_s_own_tables(judge, birds):
    captions = [Caption(str(n), text) for n, text in enumerate(captions_for(birds[1][0]))]
    for caption, row in zip(captions, judge.read(captions).tolist(), strict=True):
        assert {s for s, value in zip(STATEMENTS, row, strict=True) if value} == statements_in(caption.text)


def test_it_is_a_judge_whose_features_do_not_depend_on_the_batch(judge, birds):
    assert isinstance(judge, CaptionJudge) and judge.layers == {"statements": len(STATEMENTS)}
    pixels = birds[0][:70]
    whole = judge.extract(pixels)["statements"]
    assert torch.equal(judge.extract(pixels[60:])["statements"], whole[60:])
    assert judge.extract(pixels[:0])["statements"].shape == (0, len(STATEMENTS))
    assert judge.extract(birds[0][:2].repeat_interleave(2, dim=2).repeat_interleave(2, dim=3))["statements"].shape == (
        2,
        len(STATEMENTS),
    )


def test_the_card_tells_of_these_weights_and_they_are_small(judge):
    card = json.loads(simattributes.SimAttributes.weights.with_name("card.json").read_text())
    assert card["weights_sha256"] == digest_of_file(simattributes.SimAttributes.weights) == judge.identity.weights
    assert simattributes.SimAttributes.weights.stat().st_size < 1_000_000
    assert set(card["accuracy"]) == set(WORDS)
    assert peek_identity(CONTEXT) == judge.identity and judge.identity.standing == "stand-in"


def test_damaged_or_missing_weights_are_a_sentence(tmp_path, monkeypatch):
    cut = tmp_path / "weights.safetensors"
    cut.write_bytes(simattributes.SimAttributes.weights.read_bytes()[:1000])
    monkeypatch.setattr(simattributes.SimAttributes, "weights", cut)
    with pytest.raises(UserError, match="damaged"):
        open_extractor(CONTEXT)
    cut.unlink()
    with pytest.raises(UserError, match="missing"):
        peek_identity(CONTEXT)
