"""Planted drawings: attention that goes with the writing, against it, and with nothing."""

import pytest
import torch

from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import Caption, Drawing, Trace
from t2ibench.features.context import FeatureContext
from t2ibench.text.tokenizer import tokenize
from t2ibench_simulations.mnist_captions.scenes import TEMPLATES
from t2ibench_simulations.networks.digit_insides import DigitInsides


def planted(text, attended):
    """A drawing of four steps: two on the left, two on the right; `attended`: by step, 0 for the first digit's word."""
    words = tuple(tokenize(text))
    digits = [place for place, word in enumerate(words) if word.isdecimal()]
    weights = torch.full((1, 4, len(words)), 0.01)
    for step, which in enumerate(attended):
        weights[0, step, digits[which]] = 0.9
    canvases = torch.stack([torch.full((3, 60, 60), -1 + 0.2 * step) for step in range(1, 5)])[None]
    left, right = [2.0, 16.0, 30.0, 44.0], [30.0, 16.0, 58.0, 44.0]
    return Trace(drawing=Drawing(canvases, torch.tensor([[left, left, right, right]]), weights, (words,)))


def looked(text, attended):
    found = DigitInsides.open(FeatureContext("digit-insides", FeatureEntry(plugin="digit-insides")))
    trace = planted(text, attended)
    return found.look([Caption("0", text)], torch.zeros(1, 3, 60, 60), trace, trace)["writes"][0].tolist()


def test_attention_that_goes_with_the_writing_is_above_luck_and_against_it_below():
    text = TEMPLATES[0].format(first=3, second=7)
    assert "left" in text
    share = 0.9 / 0.91
    assert looked(text, (0, 0, 1, 1)) == pytest.approx([share, 1, 0.5, 1], abs=1e-5)
    assert looked(text, (1, 1, 0, 0)) == pytest.approx([1 - share, 1, 0.5, 1], abs=1e-5)
    assert looked(text, (0, 1, 0, 1)) == pytest.approx([0.5, 1, 0.5, 1], abs=1e-5)


def test_a_sentence_may_name_the_second_digit_first():
    text = TEMPLATES[1].format(first=3, second=7)
    assert looked(text, (1, 1, 0, 0)) == pytest.approx([0.9 / 0.91, 1, 0.5, 1], abs=1e-5)


def test_scenes_of_one_digit_tell_nothing():
    text = next(one for one in TEMPLATES if "{second}" not in one).format(first=3)
    assert tokenize(text)
    found = DigitInsides.open(FeatureContext("digit-insides", FeatureEntry(plugin="digit-insides")))
    trace = planted(TEMPLATES[0].format(first=3, second=7), (0, 0, 1, 1))
    layers = found.look([Caption("0", text)], torch.zeros(1, 3, 60, 60), trace, trace)
    assert layers["writes"][0].tolist() == [0, 0, 0, 0]
