"""Birds drawn to fit captions: true to what is said, alike in all else."""

import numpy as np
import pytest

from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.studies.probes.compositions import training_counts
from t2ibench.studies.probes.questions import change_question
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.simbirds.statements import statements_in, true_statements
from t2ibench_simulations.truth.truth import attributes_of, bird_like, drawn_birds


def captions_for_birds():
    probes = load_benchmarks().content.probes.values()
    found = [entry.on["simbirds"] for entry in probes if "simbirds" in entry.on]
    return [caption for one in found for caption in (*one.captions, *one.never) if "{" not in caption]


@pytest.mark.parametrize("caption", ["a red bird with a white belly and a blue crown", *captions_for_birds()])
def test_all_that_a_caption_says_is_true_and_nothing_else_changed(caption):
    base = all_species()[7].attributes
    bird = bird_like(caption, base)
    stated = statements_in(caption)
    assert stated and stated <= true_statements(bird)
    named = {name for subject, _ in stated for name in attributes_of(subject)}
    assert {name: word for name, word in bird.as_dict().items() if name not in named} == {
        name: word for name, word in base.as_dict().items() if name not in named
    }


def test_a_caption_against_itself_fits_no_bird():
    assert bird_like("this bird has red wings and blue wings", all_species()[0].attributes) is None
    assert drawn_birds(change_question("red wings and {blue|green} wings"), 1, 0, 32) is None


def test_images_of_a_row_differ_where_the_word_says_and_rows_differ():
    question = change_question("this bird has {red|blue} wings and a white belly")
    images = drawn_birds(question, 2, 0, 32)
    assert images.shape == (2, 2, 3, 32, 32) and images.dtype == np.uint8
    changed = (np.abs(images[:, 0].astype(int) - images[:, 1]) > 40).any(axis=1)
    assert (changed.mean(axis=(1, 2)) > 0.01).all() and (changed.mean(axis=(1, 2)) < 0.25).all()
    assert not (images[0] == images[1]).all()
    first = drawn_birds(question, 1, 0, 32)
    assert (first[0] == images[0]).all()  # further rows leave it alone


class OfCaptions:
    """A manifest of captions alone."""

    def __init__(self, *captions):
        image = type("Image", (), {"captions": captions})
        self.splits = {"train": (image,), "test": (image, image)}


def test_combinations_are_looked_for_in_training_captions():
    birds = OfCaptions(
        "this bird has red wings and a blue belly", "a bird with blue wings, a red belly and a long tail"
    )
    asked = change_question("this bird has {red|blue} wings and a red belly")
    assert training_counts([asked], birds, "simbirds") == [[0, 1]]
    assert training_counts([asked], birds, "coco") == [[2, 2]]  # words alone, wherever they stand
    scenes = OfCaptions("a red ball next to a blue cube", "a blue ball")
    asked = change_question("a {red|blue} ball and a blue {}".replace("{}", "cube"))
    assert training_counts([asked], scenes, "simscenes") == [[1, 0]]
