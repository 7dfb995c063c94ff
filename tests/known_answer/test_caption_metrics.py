"""CLIPScore, attribute accuracy and semantic object accuracy with planted answers."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.clip_score import CLIPScore
from t2ibench.metrics.alignment.object_accuracy import ObjectAccuracyPerClass, ObjectAccuracyPerImage
from t2ibench_simulations.metrics.attribute_accuracy import AttributeAccuracy


def linked(layer, images, captions, **rest):
    return MetricInput({layer: images}, caption_codes=captions, queries=np.arange(len(images)), **rest)


def test_clip_score_is_the_mean_of_the_cosines_cut_at_zero():
    angles = np.deg2rad([0, 60, 90, 180] * 5)
    images = 7 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    captions = np.tile([2.0, 0.0], (20, 1))
    found = CLIPScore().estimate(linked("image", images, captions))
    assert found.value == pytest.approx(100 * (1 + 0.5 + 0 + 0) / 4)
    assert CLIPScore(weight=2.5).estimate(linked("image", images, captions)).value == pytest.approx(2.5 * 1.5 / 4)
    with pytest.raises(UserError, match="weight > 0"):
        CLIPScore(weight=0)


def test_a_image_without_a_code_scores_nothing():
    images = np.eye(4)[np.arange(20) % 4]
    images[::2] = 0
    assert CLIPScore().estimate(linked("image", images, np.eye(4)[np.arange(20) % 4])).value == pytest.approx(50)


def test_attribute_accuracy_counts_statements_and_whole_captions():
    # Captions state 1, 2 or 3 things; every second image lacks the first of them.
    stated = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]] * 8, dtype=float)
    shown = np.ones_like(stated)
    shown[::2, 0] = 0
    found = AttributeAccuracy().estimate(linked("statements", shown, stated))
    assert found.value == pytest.approx(100 * (48 - 12) / 48)
    whole = AttributeAccuracy(whole_captions=True)
    assert whole.estimate(linked("statements", shown, stated)).value == pytest.approx(50.0)
    assert whole.title == "Whole captions" and AttributeAccuracy().title == "Attributes"
    assert found.interval.low < found.value < found.interval.high
    assert AttributeAccuracy().image_values(linked("statements", shown, stated)).mean() == pytest.approx(found.value)


def test_what_a_caption_does_not_state_does_not_matter():
    rng = np.random.default_rng(0)
    stated, shown = rng.integers(2, size=(2, 30, 6)).astype(float)
    stated[:, 0] = 1
    other = np.where(stated > 0, shown, 1 - shown)
    first, second = (AttributeAccuracy().estimate(linked("statements", one, stated)) for one in (shown, other))
    assert first == second


@pytest.mark.parametrize("metric", [AttributeAccuracy(), ObjectAccuracyPerImage(), ObjectAccuracyPerClass()])
def test_captions_that_name_nothing_are_a_sentence_and_no_zero(metric):
    with pytest.raises(UserError, match="nothing to look for"):
        metric.estimate(linked(metric.layer, np.ones((20, 3)), np.zeros((20, 3))))


def objects():
    """20 images; 16 captions name a dog, 4 a cat; every cat is found, and 4 of the dogs."""
    named, scores = np.zeros((20, 3)), np.zeros((20, 3))
    named[:16, 0], named[16:, 1] = 1, 1
    scores[16:, 1], scores[:4, 0] = 0.9, 0.6
    return named, scores


def test_object_accuracy_over_images_and_over_classes():
    named, scores = objects()
    assert ObjectAccuracyPerImage().estimate(linked("objects", scores, named)).value == pytest.approx(100 * 8 / 20)
    found = ObjectAccuracyPerClass().estimate(linked("objects", scores, named))
    assert found.value == pytest.approx(100 * (4 / 16 + 4 / 4) / 2)
    assert any("1 of 3 labels" in warning for warning in found.warnings)


def test_images_without_any_detection_stay_in_the_denominator():
    # TISE's code leaves them out, which would make this 100.
    named, scores = objects()
    assert (scores[4:16] == 0).all(), "twelve images in which nothing is found"
    per_image = ObjectAccuracyPerImage().estimate(linked("objects", scores, named))
    assert per_image.value == pytest.approx(40) and per_image.n == 20
    nothing = linked("objects", np.zeros_like(scores), named)
    assert ObjectAccuracyPerImage().estimate(nothing).value == 0.0
    assert ObjectAccuracyPerClass().estimate(nothing).value == 0.0


def test_the_threshold_decides_what_counts_as_found():
    named, scores = objects()
    assert ObjectAccuracyPerImage(threshold=0.7).estimate(linked("objects", scores, named)).value == pytest.approx(20)
    with pytest.raises(UserError, match="threshold"):
        ObjectAccuracyPerClass(threshold=0.0)
