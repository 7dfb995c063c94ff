"""Diversity and memorisation where the answer is known: noise ignored, training images planted."""

import numpy as np
import pytest

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.diversity.vendi import vendi
from t2ibench.metrics.diversity.within_captions import CaptionDiversity, CaptionVendi
from t2ibench.metrics.memorisation.authenticity import Authenticity
from t2ibench.metrics.memorisation.copying_test import CopyingTest
from t2ibench.metrics.memorisation.neighbour_ratio import NeighbourRatio
from t2ibench.metrics.memorisation.training_distance import TrainingDistance


def test_a_model_that_ignores_its_noise_has_no_diversity_within_captions():
    codes = np.random.default_rng(0).normal(size=(10, 8))
    given = MetricInput(features={"pool": np.repeat(codes, 4, axis=0)}, queries=np.repeat(np.arange(10), 4))
    assert CaptionDiversity().estimate(given).value == 0
    assert CaptionVendi().estimate(given).value == pytest.approx(1)
    assert vendi(given.features["pool"]) > 2  # different captions still differ


def test_planted_training_images_move_every_metric_of_memorisation():
    rng = np.random.default_rng(1)
    training, held_out, images = (rng.normal(size=(400, 8)) for _ in range(3))
    metrics = (Authenticity(), CopyingTest(), TrainingDistance(), NeighbourRatio())
    rows = []
    for share in (0, 0.01, 0.05, 0.2):
        planted = images.copy()
        planted[: round(share * 400)] = training[: round(share * 400)]
        given = MetricInput({"pool": planted}, reference={"pool": held_out}, training={"pool": training})
        rows.append([metric.estimate(given).value for metric in metrics])
    found = np.array(rows)
    assert (np.diff(found[:, :3], axis=0) < 0).all()
    assert found[:, 3].tolist() == pytest.approx([0, 1, 5, 20])
