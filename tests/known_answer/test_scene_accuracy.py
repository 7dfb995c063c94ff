"""Digit and position accuracy with planted answers."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench_simulations.metrics.scene_accuracy import DigitAccuracy, PositionAccuracy
from t2ibench_simulations.mnist_captions.statements import STATEMENTS, true_statements


def codes(scenes):
    rows = [true_statements(*scene) for scene in scenes]
    return np.array([[statement in row for statement in STATEMENTS] for row in rows], dtype=float)


def linked(shown, stated, **rest):
    return MetricInput(
        {"statements": codes(shown)}, caption_codes=codes(stated), queries=np.arange(len(stated)), **rest
    )


# (what the caption states, what the image shows) -> digits found, digits in place, position right
CASES = [
    (("left and right", (3, 7)), ("left and right", (3, 7)), 2, 2, 1),
    (("left and right", (3, 7)), ("left and right", (7, 3)), 2, 0, 1),
    (("left and right", (3, 7)), ("top and bottom", (3, 7)), 2, 0, 0),
    (("left and right", (3, 7)), ("left and right", (3, 1)), 1, 1, 1),
    (("left and right", (3, 3)), ("left and right", (3, 1)), 1, 1, 1),
    (("left and right", (3, 3)), ("top left", (3,)), 1, 0, 0),
    (("left and right", (3, 1)), ("left and right", (3, 3)), 1, 1, 1),
    (("top left", (5,)), ("top left", (5,)), 1, 1, 1),
    (("top left", (5,)), ("top right", (5,)), 1, 0, 0),
    (("top left", (5,)), ("top and bottom", (5, 5)), 1, 0, 0),
    (("top left", (5,)), ("top left", (6,)), 0, 0, 1),
]


@pytest.mark.parametrize(("stated", "shown", "digits", "placed", "position"), CASES)
def test_one_pair_of_scenes(stated, shown, digits, placed, position):
    given = linked([shown] * 10, [stated] * 10)
    count = len(stated[1])
    assert DigitAccuracy().estimate(given).value == pytest.approx(100 * digits / count)
    assert DigitAccuracy(in_place=True).estimate(given).value == pytest.approx(100 * placed / count)
    assert PositionAccuracy().estimate(given).value == 100 * position


def test_captions_of_two_digits_weigh_twice_in_digits_and_once_in_positions():
    stated = [("left and right", (3, 7))] * 10 + [("top left", (5,))] * 10
    shown = [("left and right", (3, 7))] * 10 + [("top right", (4,))] * 10
    given = linked(shown, stated)
    digits, positions = DigitAccuracy().estimate(given), PositionAccuracy().estimate(given)
    assert digits.value == pytest.approx(100 * 20 / 30) and positions.value == 50
    assert digits.n == positions.n == 20
    assert digits.interval.low < digits.value < digits.interval.high and "clustered" in digits.interval.method
    assert DigitAccuracy().image_values(given).mean() == pytest.approx(digits.value)


def test_images_of_one_caption_make_the_interval_wider():
    stated = [("top left", (digit,)) for digit in range(10)] * 4
    shown = [("top left", (digit if digit % 2 else 0,)) for digit in range(10)] * 4
    alone, together = (
        DigitAccuracy().estimate(linked(shown, stated, groups=groups)).interval
        for groups in (np.arange(40), np.arange(40) % 10)
    )
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_captions_of_other_data_are_a_sentence_and_no_zero():
    given = MetricInput({"statements": np.ones((20, 106))}, caption_codes=np.zeros((20, 106)), queries=np.arange(20))
    for metric in (DigitAccuracy(), PositionAccuracy()):
        with pytest.raises(UserError, match="nothing to look for"):
            metric.estimate(given)
