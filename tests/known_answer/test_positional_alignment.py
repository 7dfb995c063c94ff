"""Positional alignment where the answer is known: an exact judge, one that is blind to places, one that guesses."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.objects.positions import PositionalAlignment
from t2ibench.text.position_words import swapped

WORDS = ["left"] * 30 + ["above"] * 10 + [""] * 20


def given(images, **rest):
    own, other = np.tile([1.0, 0.0], (60, 1)), np.tile([0.0, 1.0], (60, 1))
    arrays = {"image": np.asarray(images, dtype=np.float32)}
    rest = {"caption_codes": own, "queries": np.arange(60), "swapped_codes": other, "position_words": WORDS, **rest}
    return MetricInput(arrays, **rest)


def test_words_are_turned_into_their_opposites():
    assert swapped("a cat to the Left of a dog") == ("left", "a cat to the right of a dog")
    assert swapped("a mug on top of a cube, under a tree") == ("on top of", "a mug underneath a cube, under a tree")
    assert swapped("a bird on the grass") is None and swapped("a leftover") is None


def test_the_mean_is_over_words_and_captions_without_one_are_free():
    images = np.tile([1.0, 0.0], (60, 1))
    assert PositionalAlignment().estimate(given(images)).value == 100
    images[30:40] = [0.0, 1.0]  # all of "above" wrong: a quarter of the images, half of the words
    images[40:] = [0.0, 1.0]
    found = PositionalAlignment().estimate(given(images))
    assert found.value == 50 and found.spread == {"captions with a position word": 40}
    assert 0 <= found.interval.low <= 50 <= found.interval.high <= 100


def test_a_judge_that_sees_no_places_prefers_nothing():
    even = np.tile([1.0, 1.0], (60, 1))
    assert PositionalAlignment().estimate(given(even)).value == 0
    # 100 times the difference of the cosines must exceed ln 1.5, which is 0.405.
    near = np.stack([np.cos(np.pi / 4 - np.full(60, d)) for d in (0.002, -0.002)], axis=1)
    assert PositionalAlignment().estimate(given(near)).value == 0
    near = np.stack([np.cos(np.pi / 4 - np.full(60, d)) for d in (0.004, -0.004)], axis=1)
    assert PositionalAlignment().estimate(given(near)).value == 100


def test_without_position_words_there_is_a_sentence():
    with pytest.raises(UserError, match="no caption of the plan has a position word"):
        PositionalAlignment().estimate(given(np.ones((60, 2)), position_words=[""] * 60))
    with pytest.raises(UserError, match=r"threshold in \[0.5, 1\)"):
        PositionalAlignment(threshold=0.2)
