"""Scores of probes on readings whose figures are known, and attention shares that are."""

import numpy as np
import pytest
import torch

from t2ibench.core.types import AttentionMap, Drawing, Trace
from t2ibench.studies.probes.attended import MOST, OTHERS, attended_scores, most_attended, word_changes
from t2ibench.studies.probes.compositions import HELD_OUT, SEEN
from t2ibench.studies.probes.drawing import Answer, attention_shares
from t2ibench.studies.probes.questions import Question, Variant, change_question, fixed_question, word_question
from t2ibench.studies.probes.scoring import Reading, changes, deaf_hits, image_change, rates, whole_gap

WINGS = change_question("{red|blue} wings and a white belly")
STATED = [frozenset({("wing", colour), ("belly", "white")}) for colour in ("red", "blue")]


def bird(wing, belly="white", tail="black"):
    return {"wing": wing, "belly": belly, "tail": tail}


def reading(*rows, stated=STATED):
    """Return the reading of birds, a row a noise."""
    return Reading(stated, [[frozenset(one.items()) for one in row] for row in rows], rows)


def involved(subject):
    return (subject,)


def values(given, question=WINGS):
    return {(one.measure, one.subject): one for one in rates([given], [question], involved)}


def test_a_perfect_model_gets_everything():
    found = values(reading([bird("red"), bird("blue")], [bird("red"), bird("blue")]))
    assert {key: score.value for key, score in found.items()} == {
        ("asked", ""): 100, ("asked", "wing"): 100, ("rest", ""): 100, ("whole", ""): 100, ("kept", ""): 100,
        ("alone", ""): 100,
    }  # fmt: skip
    assert found["asked", ""].deaf == 50 and found["kept", ""].deaf is None
    assert found["asked", ""].n == 4 and found["alone", ""].n == 2
    assert found["asked", ""].interval.method.endswith("clustered by noise")
    assert found["asked", ""].interval.low < 100 == found["asked", ""].interval.high


def test_a_model_deaf_to_the_word_gets_its_limit_and_changes_nothing():
    found = values(reading([bird("red"), bird("red")], [bird("blue"), bird("blue")]))
    assert found["asked", ""].value == found["asked", ""].deaf == 50
    assert found["kept", ""].value == 100 and found["alone", ""].value == 0


def test_what_else_changed_is_told_apart():
    named = values(reading([bird("red"), bird("blue", belly="grey")]))
    assert (named["rest", ""].value, named["kept", ""].value, named["alone", ""].value) == (50, 100, 0)
    unnamed = values(reading([bird("red"), bird("blue", tail="red")]))
    assert (unnamed["rest", ""].value, unnamed["kept", ""].value, unnamed["alone", ""].value) == (100, 0, 0)
    wrong = values(reading([bird("red"), bird("green")]))
    assert (wrong["asked", ""].value, wrong["kept", ""].value, wrong["alone", ""].value) == (50, 100, 0)


def test_replaced_words_are_compared_with_the_caption_as_it_is():
    question = word_question("red wings and a white belly", {"colour": ["red", "white", "blue"]})
    stated = [
        STATED[0],
        frozenset({("wing", "blue"), ("belly", "white")}),
        frozenset({("wing", "red"), ("belly", "blue")}),
    ]
    given = reading([bird("red"), bird("blue"), bird("red", belly="white", tail="red")], stated=stated)
    found = values(given, question)
    assert found["asked", "wing"].value == 100 and found["asked", "belly"].value == 0
    assert found["asked", ""].n == 2 and found["asked", ""].deaf is None  # one image could fit both
    assert found["rest", ""].value == 100 and found["kept", ""].value == 50
    assert found["alone", ""].value == 50


def test_a_image_that_never_changes_fits_one_word_a_subject():
    wing = [frozenset({("wing", colour)}) for colour in ("red", "red", "blue", "green")]
    assert deaf_hits(wing) == (2, 4) and deaf_hits(wing, "belly") is None
    assert deaf_hits([frozenset({("wing", "red")}), frozenset({("tail", "red")})]) is None


def test_compositions_count_what_they_state_and_groups_are_paired_by_noise():
    questions = [Question(group, WINGS.variants, "key", "none", group) for group in (HELD_OUT, SEEN)]
    held = reading([bird("red"), bird("red")], [bird("red"), bird("red")])
    seen = reading([bird("red"), bird("blue")], [bird("red"), bird("red")])
    found = {(one.measure, one.subject, one.group): one for one in rates([held, seen], questions, involved)}
    assert found["asked", "", HELD_OUT].value == 75 and found["asked", "wing", HELD_OUT].value == 50
    assert found["whole", "", HELD_OUT].value == 50 and found["whole", "", SEEN].value == 75
    assert ("rest", "", HELD_OUT) not in found and ("alone", "", HELD_OUT) not in found
    gap = whole_gap([held, seen], questions, (HELD_OUT, SEEN), 0)
    assert gap.value == -25 and gap.n == 2
    assert whole_gap([held], questions[:1], (HELD_OUT, SEEN), 0) is None


def test_the_change_of_images_is_counted_in_pixels_and_levels():
    black, other = np.zeros((3, 2, 2), np.uint8), np.zeros((3, 2, 2), np.uint8)
    other[1, 0, 0], other[0, 1, 1] = 200, 16  # 16 is not above 16
    assert image_change(black, other) == (25.0, 216 / 12)
    assert image_change(other, other) == (0.0, 0.0)
    images = np.stack([np.stack([black, other])] * 4)
    found = {one.measure: one for one in changes([images], [WINGS], 0)}
    assert found["pixels"].value == 25 and found["difference"].value == 18 and found["pixels"].n == 4
    assert changes([images], [fixed_question("", ["a", "b"], group="")], 0) == []


def test_attention_is_averaged_over_places_stages_and_repeated_words():
    first = torch.tensor([[[[1.0, 0.5]], [[0.0, 0.0]], [[0.0, 0.5]]]])  # 1 image x 3 words x 1 x 2
    second = torch.tensor([[[[0.0, 0.5]], [[1.0, 0.0]], [[0.0, 0.5]]]])
    words = (("red", "bird", "red"),)
    trace = Trace(attention=[AttentionMap(64, words, first), AttentionMap(128, words, second)])
    (shares,) = attention_shares(trace)
    assert shares == pytest.approx({"red": 0.75, "bird": 0.25})
    drawn = Trace(
        drawing=Drawing(torch.zeros(1), torch.zeros(1), torch.tensor([[[0.2, 0.8], [0.4, 0.6]]]), (("a", "b"),))
    )
    assert attention_shares(drawn)[0] == pytest.approx({"a": 0.3, "b": 0.7})
    assert attention_shares(Trace()) is None


def test_the_word_of_most_attention_is_set_against_the_others():
    images = np.zeros((3, 3, 3, 2, 2), np.uint8)  # noises x wordings
    images[:, 1], images[:, 2] = 30, 60
    question = Question("", (Variant("", ""), Variant("", "", "red"), Variant("", "", "belly")), "", "first")
    answer = Answer(images, ({"red": 0.6, "belly": 0.3, "a": 0.9}, {}, {}))
    found = word_changes([answer], [question])
    assert [(one.word, one.attention, one.difference) for one in found] == [("red", 0.6, 30.0), ("belly", 0.3, 60.0)]
    assert most_attended(found)[0].word == "red"
    assert {one.group: one.value for one in attended_scores([answer], found, 0)} == {MOST: 30.0, OTHERS: 60.0}
    deaf = word_changes([Answer(images, None)], [question])
    assert most_attended(deaf) == {} and attended_scores([answer], deaf, 0) == []
