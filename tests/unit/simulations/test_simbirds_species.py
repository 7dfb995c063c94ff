from collections import Counter

import pytest

from t2ibench_simulations.simbirds.attributes import PARTS
from t2ibench_simulations.simbirds.species import (
    HELD_OUT_PAIRS,
    all_species,
    is_held_out,
    species_table,
    spread_species,
)

TRAIN = [species for species in all_species() if species.split == "train"]
TEST = [species for species in all_species() if species.split == "test"]
WORDS = [*PARTS, "wing_pattern", "breast_pattern", "head_mark", "bill_length", "bill_shape", "tail_length", "size"]


def test_200_species_with_unique_names_and_looks_in_two_splits() -> None:
    species = all_species()
    assert [bird.number for bird in species] == list(range(1, 201))
    assert (len(TRAIN), len(TEST)) == (150, 50)
    assert len({bird.name.split(".")[1] for bird in species}) == 200
    assert len({bird.attributes for bird in species}) == 200
    assert all(bird.name.startswith(f"{bird.number:03d}.") for bird in species)


def test_held_out_pairs_occur_in_test_species_only() -> None:
    pairs = Counter((bird.attributes.wing, bird.attributes.belly) for bird in TRAIN)
    assert not set(pairs) & set(HELD_OUT_PAIRS)
    tested = [(bird.attributes.wing, bird.attributes.belly) for bird in TEST]
    assert set(HELD_OUT_PAIRS) <= set(tested)
    for bird, pair in zip(TEST, tested, strict=True):
        # What is not held out has been seen: otherwise the two groups of a composition probe would not differ.
        assert bird.held_out == (pair in HELD_OUT_PAIRS) == (pair not in pairs)


@pytest.mark.parametrize("word", WORDS)
def test_every_single_value_of_a_test_species_occurs_in_training(word: str) -> None:
    trained = {getattr(bird.attributes, word) for bird in TRAIN}
    assert {getattr(bird.attributes, word) for bird in TEST} <= trained
    assert len(trained) >= 3


def test_names_are_true() -> None:
    part_of = {"winged": "wing", "bellied": "belly", "breasted": "breast", "crowned": "crown", "headed": "head"}
    part_of |= {"tailed": "tail", "backed": "back", "billed": "bill", "legged": "legs"}
    for bird in all_species():
        colour, ending, _ = bird.name.split(".")[1].split("_")
        assert getattr(bird.attributes, part_of[ending]) == colour.lower(), bird.name


def test_most_birds_have_few_colours() -> None:
    counts = [len({bird.attributes.colour(part) for part in PARTS[:7]}) for bird in all_species()]
    assert max(counts) <= 3


@pytest.mark.parametrize(("count", "train"), [(4, 3), (8, 6), (100, 75), (200, 150)])
def test_thinning_keeps_three_to_one(count: int, train: int) -> None:
    chosen = spread_species(count)
    assert len(set(chosen)) == count
    assert sum(bird.split == "train" for bird in chosen) == train


def test_a_thinned_test_split_has_held_out_and_other_species() -> None:
    kinds = [bird.held_out for bird in spread_species(40) if bird.split == "test"]
    assert 2 <= sum(kinds) <= 8


def test_a_larger_world_adds_training_species_that_look_like_no_other() -> None:
    table = species_table(700)
    assert table[:200] == all_species()
    assert [bird.number for bird in table] == list(range(1, 751))
    assert all(bird.split == "train" and not is_held_out(bird.attributes) for bird in table[200:])
    plumages = {tuple(bird.attributes.colour(part) for part in PARTS[:7]) for bird in table}
    assert len(plumages) == len({bird.name for bird in table}) == 750
    assert sum(bird.split == "test" for bird in spread_species(375, table)) == 25
