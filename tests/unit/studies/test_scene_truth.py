"""Scenes drawn to fit captions: true to what is said, alike in all else; and what a reader makes of them."""

import numpy as np
import pytest
import torch

from t2ibench.core.spec.benchmarks import FeatureEntry, load_benchmarks
from t2ibench.features.context import FeatureContext, open_extractor
from t2ibench.studies.known_truth import known_truth
from t2ibench.studies.probes.questions import change_question
from t2ibench.studies.probes.scoring import rates
from t2ibench_simulations.simscenes.statements import is_true, statements_in
from t2ibench_simulations.truth.scene_reader import SceneTruth
from t2ibench_simulations.truth.scene_truth import drawn_scenes, scene_like


def questions():
    probes = load_benchmarks().content.probes
    found = [probes[name].on["simscenes"].captions for name in ("colours", "backgrounds", "objects")]
    return [change_question(caption) for captions in found for caption in captions]


@pytest.fixture(scope="module")
def reader():
    class Opened:
        def opened(self):
            return open_extractor(FeatureContext("simobjects", FeatureEntry(plugin="simobjects")))

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield SceneTruth(Opened())
    torch.set_num_threads(before)


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.title)
def test_all_that_a_caption_says_is_true_and_nothing_else_is_shown(question):
    for variant in question.variants:
        stated = statements_in(variant.text)
        scene = scene_like(stated, 11)
        assert is_true(stated, scene) and {group.kind for group in scene.groups} == set(stated.groups)


def test_what_cannot_be_drawn_is_told():
    for caption in ("four cars on a cat", "a kite on a cube", "nothing", "a cube, a ball, a cat and a mug"):
        assert scene_like(statements_in(caption), 0) is None
    assert drawn_scenes(change_question("a cube {on|above} a mug"), 1, 0, 64) is not None
    assert drawn_scenes(change_question("a {kite|cube} on a car"), 1, 0, 64) is None


def test_images_of_a_row_differ_where_the_word_says_and_rows_differ():
    question = change_question("a {red|blue} cube on a street")
    images = drawn_scenes(question, 2, 0, 64)
    assert images.shape == (2, 2, 3, 64, 64) and images.dtype == np.uint8
    changed = (np.abs(images[:, 0].astype(int) - images[:, 1]) > 40).any(axis=1)
    assert (changed.mean(axis=(1, 2)) > 0.01).all() and (changed.mean(axis=(1, 2)) < 0.25).all()
    assert not (images[0] == images[1]).all()
    assert (drawn_scenes(question, 1, 0, 64)[0] == images[0]).all()  # further rows leave it alone


def test_the_reader_finds_what_was_asked_for_and_nothing_else_changed(reader):
    assert known_truth("simscenes") is SceneTruth
    found = {}
    for question in questions():
        reading = reader.read(drawn_scenes(question, 4, 0, 64), question)
        for score in rates([reading], [question], reader.attributes_of):
            found.setdefault((score.measure, score.subject), []).append(score.value)
    means = {name: np.mean(values) for name, values in found.items()}
    assert means["asked", ""] >= 93 and means["rest", ""] >= 93 and means["whole", ""] >= 85
    assert means["kept", ""] >= 95 and means["alone", ""] >= 85
    assert {"cube colour", "place", "ball count"} <= {subject for measure, subject in means if measure == "asked"}


def test_a_model_deaf_to_the_word_shows_one_wording_of_four(reader):
    question = change_question("{one|two|three|four} blue balls on the snow")
    heard = drawn_scenes(question, 3, 0, 64)
    reading = reader.read(np.repeat(heard[:, 1:2], 4, axis=1), question)
    asked = next(one for one in rates([reading], [question], reader.attributes_of) if one.measure == "asked")
    assert asked.deaf == 25 and asked.value == pytest.approx(25, abs=9)
