"""Counts, relations and attributes of simulated scenes with planted answers; the list of statements is exact."""

import numpy as np
import pytest

from t2ibench.core.interfaces import MetricInput
from t2ibench_simulations.metrics.attribute_accuracy import AttributeAccuracy
from t2ibench_simulations.metrics.scene_accuracy import CountAccuracy, RelationAccuracy
from t2ibench_simulations.simscenes.captions import captions_for
from t2ibench_simulations.simscenes.drawing import draw_scene
from t2ibench_simulations.simscenes.positions import Span, relations_among
from t2ibench_simulations.simscenes.scene import scene_of
from t2ibench_simulations.simscenes.statement_list import COUNTED, RELATED, STATEMENTS, single_statements, stated_singly
from t2ibench_simulations.simscenes.statements import statements_in

CAR_AND_CAT = "two red cars left of a cat on the sand"


def stated(text):
    return stated_singly(statements_in(text))


def linked(shown, text, copies=10):
    rows = [np.array([[statement in row for statement in STATEMENTS]] * copies, float) for row in (shown, stated(text))]
    return MetricInput({"statements": rows[0]}, caption_codes=rows[1], queries=np.arange(copies))


def shown_by(groups, relations=(), place="beach"):
    return single_statements(groups, relations, place)


def test_a_sentence_is_taken_apart_into_single_statements():
    assert stated(CAR_AND_CAT) == {
        ("kind", "car"), ("kind", "cat"), ("colour", "car", "red"), ("count", "car", "2"), ("count", "cat", "1"),
        ("left of", "car", "cat"), ("place", "beach"),
    }  # fmt: skip
    assert stated("a cat beside a car") == stated("a car next to a cat")
    assert stated("a cat to the right of a car") == stated("a car left of a cat")
    assert stated("nothing of this world") == frozenset()
    assert ("on", "ball", "ball") not in stated("a red ball on a blue ball")


def test_the_list_holds_each_statement_once_and_its_parts_are_where_they_are_said_to_be():
    assert len(STATEMENTS) == len(set(STATEMENTS)) == 10 + 80 + 40 + 315 + 5
    assert {one[0] for one in STATEMENTS[COUNTED]} == {"count"}
    assert {one[0] for one in STATEMENTS[RELATED]} == {"left of", "above", "on", "beside"}
    assert sum(one[0] in ("count", "left of", "above", "on", "beside") for one in STATEMENTS) == 40 + 315


# what the image shows -> percent of the seven statements, the two counts and the relation of CAR_AND_CAT
@pytest.mark.parametrize(
    ("groups", "relations", "attributes", "counts", "relation"),
    [
        ({"car": (2, "red"), "cat": (1, "white")}, [("car", "left of", "cat")], 100, 100, 100),
        ({"car": (2, "blue"), "cat": (1, "white")}, [("car", "left of", "cat")], 100 * 6 / 7, 100, 100),
        ({"car": (3, "red"), "cat": (1, "white")}, [("car", "left of", "cat")], 100 * 6 / 7, 50, 100),
        ({"car": (2, "red"), "cat": (1, "white")}, [("cat", "left of", "car")], 100 * 6 / 7, 100, 0),
        ({"cat": (1, "red")}, [], 100 * 3 / 7, 50, 0),
        ({}, [], 100 / 7, 0, 0),
    ],
)
def test_one_pair_of_scenes(groups, relations, attributes, counts, relation):
    given = linked(shown_by(groups, relations), CAR_AND_CAT)
    assert AttributeAccuracy().estimate(given).value == pytest.approx(attributes)
    assert AttributeAccuracy(whole_captions=True).estimate(given).value == 100 * (attributes == 100)
    assert CountAccuracy().estimate(given).value == pytest.approx(counts)
    assert RelationAccuracy().estimate(given).value == relation


def test_relations_follow_from_where_kinds_are():
    low, high = Span(0.4, 0.6, 0.6, 0.9), Span(0.45, 0.1, 0.55, 0.4)
    assert relations_among({"cube": low, "kite": high}) == {("kite", "above", "cube")}
    resting = Span(0.45, 0.45, 0.55, 0.642)  # on the upper face of the cube, 0.86 of its height
    assert relations_among({"cube": low, "ball": resting}) == {("ball", "on", "cube")}
    near, far = Span(0.63, 0.7, 0.8, 0.9), Span(0.75, 0.7, 0.95, 0.9)
    assert relations_among({"cube": low, "mug": near}) == {
        ("cube", "left of", "mug"), ("cube", "beside", "mug"), ("mug", "beside", "cube"),
    }  # fmt: skip
    assert relations_among({"cube": low, "mug": far}) == {("cube", "left of", "mug")}
    assert relations_among({"cube": low, "tree": Span(0.3, 0.3, 0.7, 0.9)}) == frozenset()  # one before the other
    assert relations_among({"cube": low}) == frozenset()


def test_all_that_captions_state_is_true_of_the_places_of_what_was_drawn():
    for index in range(120):
        scene = scene_of(index, 31)
        seen = draw_scene(scene, 96)[1]
        spans = {}
        for at, group in enumerate(scene.groups):
            boxes = np.array([one.box for one, thing in zip(seen, scene.things, strict=True) if thing.group == at]) / 96
            ends = boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
            spans[group.kind] = Span(boxes[:, 0].min(), boxes[:, 1].min(), ends[0].max(), ends[1].max())
        groups = {group.kind: (group.count, group.colour) for group in scene.groups}
        true = single_statements(groups, relations_among(spans), scene.place)
        for caption in captions_for(scene):
            assert stated(caption) <= true, caption
