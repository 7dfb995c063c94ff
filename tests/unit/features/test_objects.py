"""Semantic object accuracy from images to a figure, with a detector whose answers are drawn into the images."""

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import CaptionJudge, FeatureIdentity, MetricInput
from t2ibench.core.types import Caption
from t2ibench.features.objects.objects import DetectedObjects, Detection, ObjectDetector
from t2ibench.metrics.alignment.object_accuracy import ObjectAccuracyPerClass, ObjectAccuracyPerImage

COLOURS = {"dog": (255, 0, 0), "cat": (0, 255, 0), "bus": (0, 0, 255)}


class ColouredSquares:
    """Finds the labels whose coloured squares are in an image, a full square surely, half a one with score 0.5."""

    identity = FeatureIdentity("squares", 1, "none", "as they are", "[0, 255]", "stand-in")
    labels = tuple(COLOURS)

    def detect(self, pixels):
        found = []
        for image in pixels:
            here = []
            for label, colour in COLOURS.items():
                area = int((image == torch.tensor(colour)[:, None, None]).all(dim=0).sum())
                if area:
                    here.append(Detection(label, min(area / 16, 1.0), (0.0, 0.0, 4.0, 4.0)))
                    here.append(Detection("kite", 1.0, (0.0, 0.0, 1.0, 1.0)))
                    here.append(Detection(label, 0.1, (0.0, 0.0, 1.0, 1.0)))
            found.append(here)
        return found


def drawn(*labels, half=()):
    image = torch.zeros(3, 16, 16, dtype=torch.uint8)
    for place, label in enumerate(labels):
        height = 2 if label in half else 4
        image[:, :height, 4 * place : 4 * place + 4] = torch.tensor(COLOURS[label])[:, None, None]
    return image


@pytest.fixture
def extractor():
    return DetectedObjects(ColouredSquares())


def test_it_is_a_caption_judge_around_a_detector(extractor):
    assert isinstance(ColouredSquares(), ObjectDetector)
    assert isinstance(extractor, CaptionJudge)
    assert extractor.layers == {"objects": 3, "counts": 3}


def test_the_surest_detection_of_each_label_counts_and_nothing_found_is_a_row_of_zeros(extractor):
    images = torch.stack([drawn("dog"), drawn(), drawn("cat", "bus", half=("bus",))])
    found = extractor.extract(images)["objects"]
    assert found.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0.5]]
    assert extractor.extract(images)["counts"].tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]  # 0.1 is not sure
    assert extractor.extract(images[:0])["objects"].shape == (0, 3)


def test_captions_are_read_by_the_rules_of_words(extractor):
    captions = [Caption("0", "two small dogs chase a bus"), Caption("1", "a hot dog"), Caption("2", "kittens")]
    assert extractor.read(captions).tolist() == [[2, 0, 1], [0, 0, 0], [0, 0.5, 0]]


def test_object_accuracy_counts_images_in_which_nothing_is_found(extractor):
    # Ten captions of dogs and ten of cats; 4 dogs and 10 cats are drawn, one dog only half, six images show nothing.
    captions = [Caption(str(n), "a dog" if n < 10 else "a cat") for n in range(20)]
    images = [drawn("dog")] * 3 + [drawn("dog", half=("dog",))] + [drawn()] * 6 + [drawn("cat", "dog")] * 10
    given = MetricInput(
        {"objects": extractor.extract(torch.stack(images))["objects"].numpy()},
        caption_codes=extractor.read(captions).numpy(),
        queries=np.arange(20),
    )
    assert ObjectAccuracyPerImage().estimate(given).value == pytest.approx(70)
    assert ObjectAccuracyPerClass().estimate(given).value == pytest.approx((40 + 100) / 2)
    assert ObjectAccuracyPerImage(threshold=0.6).estimate(given).value == pytest.approx(65)


def test_captions_without_any_label_are_a_sentence(extractor):
    given = MetricInput(
        {"objects": np.ones((10, 3))},
        caption_codes=extractor.read([Caption("0", "a small yellow flower")]).numpy(),
        queries=np.zeros(10, dtype=int),
    )
    with pytest.raises(UserError, match="nothing to look for"):
        ObjectAccuracyPerImage().estimate(given)
