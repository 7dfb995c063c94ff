"""Captions of simulated birds, read back: everything they state is found, and all of it is true."""

import random
from dataclasses import replace

import pytest

from t2ibench_simulations.simbirds.appearance import appearance_of
from t2ibench_simulations.simbirds.attributes import COLOURS, PLUMAGE
from t2ibench_simulations.simbirds.captions import caption_for, captions_for
from t2ibench_simulations.simbirds.facts import facts_of
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.simbirds.statements import STATEMENTS, statements_in, true_statements

BIRDS = [appearance_of(species, index) for species in all_species() for index in range(2)]


def test_every_caption_states_three_things_or_more_and_all_are_true():
    for appearance in BIRDS:
        true = true_statements(appearance.attributes)
        for caption in captions_for(appearance):
            stated = statements_in(caption)
            assert stated <= true, caption
            assert len(stated) >= 3, caption


def test_every_fact_is_read_whether_said_as_a_thing_or_as_a_clause():
    for appearance in BIRDS[::5]:
        bird = appearance.attributes
        facts = facts_of(bird, random.Random(appearance.seed), legs=True)
        for topic, fact in facts.items():
            as_thing = statements_in(f"this bird has {fact.phrase} and a red nothing")
            as_clause = statements_in(f"this bird's {fact.clause.removeprefix('its ')}")
            assert as_thing == as_clause, fact
            words = len(fact.adjectives) + bool(fact.pattern)
            assert len(as_thing) == (1 if topic == "mark" else words), fact


@pytest.mark.parametrize("part", PLUMAGE)
def test_a_bird_of_another_colour_makes_the_statement_false(part):
    for appearance in BIRDS[::9]:
        bird = appearance.attributes
        for seed in range(6):
            caption = caption_for(bird, random.Random(seed), legs=True)
            subject = {"head": "face"}.get(part, part)
            stated = {one for one in statements_in(caption) if one[0] == subject}
            other = replace(bird, **{part: next(colour for colour in COLOURS if colour != bird.colour(part))})
            assert not stated & true_statements(other), caption


@pytest.mark.parametrize(
    ("caption", "stated"),
    [
        ("a tiny round bird with gray wings and a sharp bill",
         {("size", "tiny"), ("wing", "grey"), ("bill shape", "pointed")}),
        ("the bird is long legged with a short red tail, an orange cap and pink feet",
         {("size", "large"), ("tail length", "short"), ("tail", "red"), ("crown", "orange"), ("legs", "pink")}),
        ("this bird's beak is medium sized and hooked, its wings are black with white wing bars and its head is blue",
         {("bill length", "medium"), ("bill shape", "hooked"), ("wing", "black"), ("wing pattern", "barred"),
          ("head", "blue")}),
        ("this bird is mostly green with yellow cheeks and a white eye ring",
         {("main", "green"), ("face", "yellow"), ("head mark", "eyering")}),
        ("a mid sized purple bird with a red breast with black speckles",
         {("size", "medium"), ("main", "purple"), ("breast", "red"), ("breast pattern", "spotted")}),
        ("two people ride a bus", set()),
        ("", set()),
    ],
)  # fmt: skip
def test_sentences_by_hand(caption, stated):
    assert statements_in(caption) == stated


def test_statements_are_each_once_and_in_a_fixed_order():
    assert len(set(STATEMENTS)) == len(STATEMENTS) == 133
    assert STATEMENTS[:2] == (("crown", "black"), ("crown", "white"))
