"""O-FID and O-IS from images to figures: what a detector finds is what another extractor sees."""

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity, MetricInput
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.objects.object_crops import ObjectCrops
from t2ibench.features.objects.objects import DetectedObjects, Detection
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.objects.cropped import ObjectFID, ObjectIS, unpacked

IDENTITY = FeatureIdentity("stub", 1, "none", "as they are", "[0, 255]", "stand-in")


class Halves(DetectedObjects):
    """Finds the left and the right half of every image that is not black, and something unsure."""

    labels = ("half",)
    identity = IDENTITY

    def __init__(self):
        super().__init__(self)

    def detect(self, pixels):
        return [
            [
                Detection("half", 0.9, (0.0, 0.0, 8.0, 16.0)),
                Detection("half", 0.8, (8.0, 0.0, 16.0, 16.0)),
                Detection("half", 0.2, (0.0, 0.0, 1.0, 1.0)),
            ]
            if image.any()
            else []
            for image in pixels
        ]


class Means:
    layers = {"pool": 3, "logits": 3}  # noqa: RUF012
    identity = IDENTITY

    def extract(self, pixels):
        means = pixels.float().mean((2, 3))
        return {"pool": means, "logits": means / 50}


CROPS = ObjectCrops(Halves(), Means(), 3, IDENTITY)


def pictures(seed, count=60):
    colours = torch.randint(1, 256, (count, 3, 2), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    return colours.repeat_interleave(8, dim=2)[:, :, None].expand(-1, -1, 16, -1).contiguous()


def test_crops_are_what_was_found_and_nothing_found_is_nothing():
    pixels = pictures(0, 4)
    pixels[2] = 0
    rows = CROPS.extract(pixels)["crops pool"]
    assert rows.shape == (4, 3 * 4) == (4, CROPS.layers["crops pool"])
    features, image = unpacked(rows.numpy(), 3)
    assert image.tolist() == [0, 0, 1, 1, 3, 3]
    wanted = pixels[[0, 1, 3]][:, :, 0, [0, 8]].permute(0, 2, 1).reshape(6, 3)
    np.testing.assert_allclose(features, wanted.numpy(), atol=1e-4)
    assert CROPS.extract(pixels[:0])["crops logits"].shape == (0, 12)
    with pytest.raises(UserError, match="not 5 crops"):
        unpacked(rows.numpy(), 5)


def test_the_figures_are_those_of_the_objects():
    given, real = (CROPS.extract(pictures(seed)) for seed in (1, 2))
    arrays = [{name: rows.numpy() for name, rows in one.items()} for one in (given, real)]
    found = ObjectFID(most=3).estimate(MetricInput(arrays[0], reference=arrays[1], groups=np.arange(60) // 2))
    first, second = (unpacked(one["crops pool"], 3)[0] for one in arrays)
    own = FrechetDistance().estimate(MetricInput({"pool": first}, reference={"pool": second}))
    assert found.value == own.value and found.n == 60 and found.spread["objects found"] == 120
    assert "30 parts" in found.interval.method  # objects of one group of images stay together
    score = ObjectIS(most=3, splits=2).estimate(MetricInput(arrays[0]))
    assert 1 < score.value < 3 and score.interval.low <= score.value <= score.interval.high


def test_both_parts_are_named_by_their_entries():
    features = load_benchmarks().content.features
    context = FeatureContext("object-crops-simulated", features["object-crops-simulated"], others=features)
    identity = peek_identity(context)
    assert "simnet" in identity.name and "simdetector" in identity.name and identity.standing == "stand-in"
    opened = open_extractor(context)
    assert opened.identity == identity
    assert opened.layers["crops pool"] == 5 * (1 + opened._within.layers["pool"])
    deaf = context.entry.model_copy(update={"options": {"detector": "simnet", "features": "simnet"}})
    with pytest.raises(UserError, match="simnet finds no objects"):
        open_extractor(FeatureContext("x", deaf, others=features))
    with pytest.raises(UserError, match="feature extractor"):
        peek_identity(FeatureContext("x", deaf))
