"""Captions of probes: what changes, what shares its noise, what is refused."""

import pytest

from t2ibench.core.errors import UserError
from t2ibench.studies.probes.compositions import SEEN, composition_questions, re_paired
from t2ibench.studies.probes.questions import change_question, fixed_question, unknown_words, word_question
from t2ibench_simulations.simbirds.species import HELD_OUT_PAIRS, all_species
from t2ibench_simulations.simbirds.statements import statements_in
from t2ibench_simulations.simscenes.vocabulary import HELD_OUT


def texts(question):
    return [variant.text for variant in question.variants]


def test_a_place_takes_its_wordings_and_the_article_follows():
    question = change_question("a {red|orange|} bird with an {0}".replace("{0}", "eye"))
    assert texts(question) == ["a red bird with an eye", "an orange bird with an eye", "a bird with an eye"]
    assert [variant.label for variant in question.variants] == ["red", "orange", "(nothing)"]
    assert question.title == "a … bird with an eye"
    assert question.pairs == [(0, 1), (0, 2), (1, 2)]


def test_further_wordings_leave_the_noise_alone_and_other_captions_do_not():
    few, more = change_question("a {red|blue} bird"), change_question("a  {red|blue|green}  bird")
    assert few.noise_id == more.noise_id
    assert few.noise_id != change_question("the {red|blue} bird").noise_id


@pytest.mark.parametrize(
    "template", ["a bird", "a {red} bird", "a {red|red} bird", "a {a|b} {c|d}", "a {a|b bird", "{"]
)
def test_a_caption_without_one_place_is_refused_with_a_sentence(template):
    with pytest.raises(UserError, match="of a probe"):
        change_question(template)


def test_held_out_birds_are_in_no_training_species_and_seen_ones_are_in_some():
    held, seen = composition_questions("this bird has {wing} wings and a {belly} belly", "simbirds")
    trained = {
        (("belly", one.attributes.belly), ("wing", one.attributes.wing))
        for one in all_species()
        if one.split == "train"
    }
    assert held.noise_id == seen.noise_id and held.pairs == seen.pairs == []
    assert seen.group == SEEN and len(held.variants) == len(seen.variants) == len(HELD_OUT_PAIRS)
    assert not trained & {tuple(sorted(statements_in(text))) for text in texts(held)}
    assert trained >= {tuple(sorted(statements_in(text))) for text in texts(seen)}
    assert sorted(" ".join(texts(held)).split()) == sorted(" ".join(texts(seen)).split())  # the same words, as often


def test_held_out_scenes_agree_with_the_data_set():
    held, seen = composition_questions("a {colour} {kind}", "simscenes")
    said = lambda question: {tuple(reversed(text.split()[1:])) for text in texts(question)}  # noqa: E731
    assert said(held) == set(HELD_OUT) and not said(seen) & set(HELD_OUT)
    assert "an orange cat" in texts(held)


def test_pairing_otherwise_is_found_where_it_exists_only():
    assert re_paired([("a", "x"), ("b", "y")], frozenset({("a", "y"), ("b", "x")})) == [("a", "y"), ("b", "x")]
    with pytest.raises(UserError, match="cannot be paired"):
        re_paired([("a", "x"), ("b", "y")], frozenset({("a", "y")}))


@pytest.mark.parametrize(
    ("template", "adapter"),
    [("a {wing} {belly}", "coco"), ("a {wings} {belly}", "simbirds"), ("a {wing} bird", "simbirds")],
)
def test_compositions_that_cannot_be_filled_are_refused(template, adapter):
    with pytest.raises(UserError):
        composition_questions(template, adapter)


def test_each_word_of_a_kind_is_replaced_alone_by_one_that_the_caption_lacks():
    kinds = {"colour": ["red", "blue", "orange"], "part": ["belly", "crown"]}
    question = word_question("a red bird with a blue belly", kinds)
    assert texts(question) == [
        "a red bird with a blue belly",
        "an orange bird with a blue belly",
        "a red bird with an orange belly",
        "a red bird with a blue crown",
    ]
    assert [variant.word for variant in question.variants] == ["", "red", "blue", "belly"]
    assert question.pairs == [(0, 1), (0, 2), (0, 3)]
    assert texts(word_question("a red bird with a blue belly", kinds)) == texts(question)
    with pytest.raises(UserError, match="another of its kind"):
        word_question("nothing here", kinds)


def test_captions_that_stand_alone_are_compared_with_none():
    question = fixed_question("What never happens", ["a  bird of  glass", "two birds"], group="never")
    assert texts(question) == ["a bird of glass", "two birds"] and question.pairs == []


def test_unknown_words_are_told_once_in_order():
    captions = ["a bird in snow", "a bird on snow and ice"]
    assert unknown_words(captions, frozenset({"a", "bird", "in", "on", "and"})) == ("snow", "ice")
