"""SimObjects says what freshly drawn scenes show, reads their captions, and the two agree."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import CaptionJudge, MetricInput
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import Caption
from t2ibench.data.batches.transforms import base_image
from t2ibench.evaluation.measuring.caption_codes import CaptionCodes, swapped_codes
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.metrics.objects.counting import CountingAlignment
from t2ibench.metrics.objects.positions import PositionalAlignment
from t2ibench.text.position_words import swapped
from t2ibench_simulations.metrics.attribute_accuracy import AttributeAccuracy
from t2ibench_simulations.metrics.scene_accuracy import CountAccuracy, RelationAccuracy
from t2ibench_simulations.networks import simobjects
from t2ibench_simulations.simscenes.captions import captions_for
from t2ibench_simulations.simscenes.drawing import draw_scene
from t2ibench_simulations.simscenes.scene import scene_of
from t2ibench_simulations.simscenes.statement_list import STATEMENTS, stated_singly
from t2ibench_simulations.simscenes.statements import is_true, statements_in
from t2ibench_simulations.simscenes.vocabulary import COLOURS
from t2ibench_simulations.truth.scene_alterations import altered

CONTEXT = FeatureContext("simobjects", FeatureEntry(plugin="simobjects"))
COUNT = 250
ALL = (AttributeAccuracy(), AttributeAccuracy(whole_captions=True), CountAccuracy(), RelationAccuracy())


@pytest.fixture(scope="module")
def judge():
    return open_extractor(CONTEXT)


def images_of(scenes):
    """Images cut as evaluation cuts them, uint8 N x 3 x 64 x 64."""
    seen = [np.asarray(base_image(draw_scene(scene, 96)[0], None, 64, whole=True)) for scene in scenes]
    return torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).contiguous()


@pytest.fixture(scope="module")
def scenes():
    """Scenes of a seed of their own, of the val split, so that half of them show held-out pairs: (images, scenes)."""
    found = [scene_of(4 * number + 3, 8_155) for number in range(COUNT)]
    return images_of(found), found


def given_for(judge, pixels, texts, shift=0):
    """Images, each with a caption of its own (or of the image `shift` further on)."""
    captions = [Caption(str(row), text) for row, text in enumerate(texts)]
    return MetricInput(
        {"statements": judge.extract(pixels)["statements"].numpy()},
        caption_codes=judge.read(captions).numpy(),
        queries=(np.arange(len(pixels)) + shift) % len(pixels),
    )


def values(given):
    return [metric.estimate(given).value for metric in ALL]


def test_it_names_what_is_drawn(judge, scenes):
    pixels, truth = scenes
    said = judge.describe(pixels)
    groups = [{group.kind: (group.count, group.colour) for group in scene.groups} for scene in truth]
    assert np.mean([set(one.groups) == set(other) for one, other in zip(said, groups, strict=True)]) >= 0.95
    pairs = [
        (one.groups[k], other[k]) for one, other in zip(said, groups, strict=True) for k in other if k in one.groups
    ]
    assert np.mean([one[0] == other[0] for one, other in pairs]) >= 0.95
    assert np.mean([one[0] == other[0] for one, other in pairs if other[0] > 1]) >= 0.85
    assert np.mean([one[1] == other[1] for one, other in pairs]) >= 0.97
    assert np.mean([one.place == other.place for one, other in zip(said, truth, strict=True)]) >= 0.97


def test_real_images_show_what_their_captions_state_and_others_do_not(judge, scenes):
    pixels, truth = scenes
    texts = [captions_for(scene)[0] for scene in truth]
    own = values(given_for(judge, pixels, texts))
    assert own[0] >= 95 and own[1] >= 85 and own[2] >= 93 and own[3] >= 90
    others = values(given_for(judge, pixels, texts, shift=7))
    assert others[0] <= 25 and others[1] <= 5 and others[2] <= 25 and others[3] <= 10
    noise = torch.randint(0, 256, pixels.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert max(values(given_for(judge, noise, texts))) <= 10


def test_it_reads_pairs_that_models_never_see_as_well_as_others(judge):
    held = [scene for scene in (scene_of(4 * number + 3, 77) for number in range(300)) if scene.held_out]
    texts = [captions_for(scene)[1] for scene in held]
    assert AttributeAccuracy().estimate(given_for(judge, images_of(held), texts)).value >= 95


def test_one_wrong_colour_costs_exactly_its_statement(judge):
    generator, shown, texts = random.Random(3), [], []
    for number in range(40):
        scene = scene_of(number, 5)
        first = scene.groups[0]
        other = generator.choice([colour for colour in COLOURS if colour != first.colour])
        shown.append(replace(scene, groups=(replace(first, colour=other), *scene.groups[1:])))
        article = ("a", "two", "three", "four")[first.count - 1]
        texts.append(f"{article} {first.colour} {first.kind}{'s' * (first.count > 1)}")
    # Of kind, colour and number, the colour is wrong.
    value = AttributeAccuracy().estimate(given_for(judge, images_of(shown), texts)).value
    assert value == pytest.approx(100 * 2 / 3, abs=4)


def test_mirrored_scenes_lie_the_other_way_round(judge):
    scenes = [scene for scene in (scene_of(number, 61) for number in range(400)) if len(scene.groups) == 2]
    scenes = [scene for scene in scenes if scene.relations and scene.relations[0][1] == "left of"][:60]
    pixels = images_of(scenes)
    texts = []
    for scene in scenes:
        one, _, other = scene.relations[0]
        texts.append(f"a {scene.groups[one].kind} left of a {scene.groups[other].kind}")
    assert RelationAccuracy().estimate(given_for(judge, pixels, texts)).value >= 93
    assert RelationAccuracy().estimate(given_for(judge, pixels.flip(3), texts)).value <= 5


def test_what_it_says_of_a_image_is_what_captions_of_it_may_state(judge, scenes):
    pixels, truth = scenes
    rows = judge.extract(pixels[:40])["statements"].tolist()
    for shown, row in zip(judge.describe(pixels[:40]), rows, strict=True):
        assert {s for s, value in zip(STATEMENTS, row, strict=True) if value} == shown.statements()
    captions = [Caption(str(n), text) for n, text in enumerate(captions_for(truth[0]))]
    for caption, row in zip(captions, judge.read(captions).tolist(), strict=True):
        said = statements_in(caption.text)
        assert is_true(said, truth[0])
        assert {s for s, value in zip(STATEMENTS, row, strict=True) if value} == stated_singly(said)


def test_it_is_a_judge_whose_features_do_not_depend_on_the_batch(judge, scenes):
    assert isinstance(judge, CaptionJudge) and judge.layers == {"statements": len(STATEMENTS)}
    assert len(judge.subjects) == len(STATEMENTS) and set(judge.subjects) == {
        "kind", "colour", "count", "left of", "above", "on", "beside", "place",
    }  # fmt: skip
    pixels = scenes[0][:70]
    whole = judge.extract(pixels)["statements"]
    assert torch.equal(judge.extract(pixels[60:])["statements"], whole[60:])
    assert judge.extract(pixels[:0])["statements"].shape == (0, len(STATEMENTS))
    larger = pixels[:2].repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    assert judge.extract(larger)["statements"].shape == (2, len(STATEMENTS))


def test_the_card_tells_of_these_weights_and_they_are_small(judge):
    card = json.loads(simobjects.SimObjects.weights.with_name("card.json").read_text())
    assert card["weights_sha256"] == digest_of_file(simobjects.SimObjects.weights) == judge.identity.weights
    assert simobjects.SimObjects.weights.stat().st_size < 1_000_000
    assert card["accuracy"]["as the data set"]["kind found"] > 0.97
    assert peek_identity(CONTEXT) == judge.identity and judge.identity.standing == "stand-in"


def test_damaged_or_missing_weights_are_a_sentence(tmp_path, monkeypatch):
    cut = tmp_path / "weights.safetensors"
    cut.write_bytes(simobjects.SimObjects.weights.read_bytes()[:1000])
    monkeypatch.setattr(simobjects.SimObjects, "weights", cut)
    with pytest.raises(UserError, match="damaged"):
        open_extractor(CONTEXT)
    cut.unlink()
    with pytest.raises(UserError, match="missing"):
        peek_identity(CONTEXT)


def test_wrong_numbers_move_ca_alone_and_wrong_positions_pa_alone():
    found = [scene_of(4 * number + 3, 8_155) for number in range(80)]
    spoken = [next((c for c in captions_for(one) if swapped(c)), captions_for(one)[0]) for one in found]
    captions = [Caption(str(row), text) for row, text in enumerate(spoken)]
    network, detector = (
        open_extractor(CONTEXT),
        open_extractor(replace(CONTEXT, entry=FeatureEntry(plugin="simdetector"))),
    )
    own = CaptionCodes(network.read(captions).numpy(), np.zeros(len(captions), dtype=bool))
    words, turned = swapped_codes(captions, own, lambda some: CaptionCodes(network.read(some).numpy(), own.cut))
    aligned, rows = PositionalAlignment(layer="statements"), np.arange(len(captions))

    def judged(scenes):
        pixels = images_of(scenes)
        seen = {"statements": network.extract(pixels)["statements"].numpy()}
        places = MetricInput(seen, caption_codes=own.codes, queries=rows, swapped_codes=turned, position_words=words)
        numbers = MetricInput(
            {"counts": detector.extract(pixels)["counts"].numpy()},
            caption_codes=detector.read(captions).numpy(),
            queries=rows,
        )
        return CountingAlignment().estimate(numbers).value, aligned.estimate(places).value

    (clean, placed), *wrong = (
        judged([altered(one, what) if what else one for one in found]) for what in ("", "counts", "positions")
    )
    assert clean < 0.1 and placed > 90
    assert wrong[0][0] > clean + 0.3 and wrong[0][1] > placed - 8
    assert wrong[1][0] < clean + 0.08 and wrong[1][1] < 25


def test_an_altered_scene_keeps_all_but_what_is_wrong():
    for number in range(200):
        scene = scene_of(number, 5)
        for what in ("counts", "positions"):
            other = altered(scene, what)
            assert {(one.kind, one.colour) for one in other.groups} == {(one.kind, one.colour) for one in scene.groups}
            assert (other.place, other.index, other.seed) == (scene.place, scene.index, scene.seed)
        numbers = [{one.kind: one.count for one in altered(scene, what).groups} for what in ("counts", "positions")]
        own = {one.kind: one.count for one in scene.groups}
        assert numbers[1] == own and (numbers[0] != own) == (
            len(own) == 1 or (len(own) == 2 and scene.relations[0][1] == "left of")
        )
