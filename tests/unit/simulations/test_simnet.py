"""SimNet names what freshly drawn birds look like, the same on every call, and tells good images from bad."""

import numpy as np
import pytest
import torch

from t2ibench.core.interfaces import FeatureExtractor, MetricInput
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.data.batches.transforms import base_image, central_square
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench_simulations.networks.simnet import words
from t2ibench_simulations.simbirds.appearance import appearance_for
from t2ibench_simulations.simbirds.attributes import COLOURS, PLUMAGE
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.species import all_species

CONTEXT = FeatureContext("simnet", FeatureEntry(plugin="simnet"))


@pytest.fixture(scope="module")
def simnet():
    return open_extractor(CONTEXT)


@pytest.fixture(scope="module")
def birds():
    """400 birds of the test species, cut as evaluation cuts them: (uint8 N x 3 x 64 x 64, appearances)."""
    test = [species for species in all_species() if species.split == "test"]
    seen, appearances = [], []
    for number in range(400):
        appearance = appearance_for(test[number % len(test)].attributes, 990_000 + number)
        drawing = draw_bird(appearance, 96)
        seen.append(np.asarray(central_square(base_image(drawing.image, drawing.box, 64), 64)))
        appearances.append(appearance)
    return torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).contiguous(), appearances


def test_words_are_those_of_simbirds():
    assert words.COLOURS == COLOURS
    assert words.PLUMAGE == PLUMAGE


@pytest.mark.parametrize(
    ("head", "least"),
    [(part, 0.6) for part in ("wing", "belly")]
    + [(part, 0.4) for part in ("crown", "head", "back", "breast", "tail")]
    + [("wing_pattern", 0.6), ("breast_pattern", 0.8), ("tail_length", 0.6), ("size", 0.45)],
)
def test_names_attributes_well_above_chance(simnet, birds, head, least):
    pixels, appearances = birds
    said = simnet.describe(pixels)[head]
    truth = [getattr(appearance.attributes, head) for appearance in appearances]
    assert np.mean([one == other for one, other in zip(said, truth, strict=True)]) > least


def test_tells_birds_from_anything_else(simnet, birds):
    pixels, _ = birds
    noise = torch.randint(0, 256, (100, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    assert simnet.describe(pixels)["bird"].count("yes") > 0.95 * len(pixels)
    assert simnet.describe(noise)["bird"].count("no") > 95


def test_layers_and_ranges(simnet, birds):
    assert isinstance(simnet, FeatureExtractor)
    features = simnet.extract(birds[0][:5])
    assert {name: tuple(one.shape) for name, one in features.items()} == {"pool": (5, 64), "logits": (5, 121)}
    assert all(one.dtype == torch.float32 and one.device.type == "cpu" for one in features.values())
    assert features["pool"].min() >= 0
    # Joint log-probabilities: they sum to one without any softmax.
    assert torch.allclose(features["logits"].exp().sum(1), torch.ones(5), atol=1e-5)
    assert simnet.extract(birds[0][:0])["logits"].shape == (0, 121)


def test_features_do_not_depend_on_the_batch_nor_on_the_call(simnet, birds):
    together = simnet.extract(birds[0][:70])
    again = simnet.extract(birds[0][:70])
    alone = [simnet.extract(birds[0][place : place + 1]) for place in (0, 63, 64, 69)]
    for layer, rows in together.items():
        assert torch.equal(rows, again[layer])
        for place, one in zip((0, 63, 64, 69), alone, strict=True):
            assert torch.allclose(rows[place], one[layer][0], atol=1e-4)


def test_opening_leaves_the_global_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    open_extractor(CONTEXT)
    assert torch.equal(torch.rand(3), expected)


def test_other_sizes_are_resized(simnet, birds):
    large = torch.nn.functional.interpolate(birds[0][:50].float(), scale_factor=4, mode="bilinear")
    wings = simnet.describe(birds[0][:50])["wing"]
    assert np.mean([a == b for a, b in zip(simnet.describe(large.byte())["wing"], wings, strict=True)]) > 0.9


def test_identity_is_a_stand_in_and_needs_no_network(simnet):
    identity = peek_identity(CONTEXT)
    assert identity == simnet.identity
    assert identity.standing == "stand-in"
    assert len(identity.weights) == 64


def test_frechet_distance_grows_with_the_damage(simnet, birds):
    """Other birds < slightly blurred birds < heavily blurred ones < noise."""
    pixels, _ = birds
    half = len(pixels) // 2
    rest = pixels[half:].float()
    noise = torch.randint(0, 256, rest.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(2))

    def blurred(factor):
        small = torch.nn.functional.avg_pool2d(rest, factor)
        return torch.nn.functional.interpolate(small, size=(64, 64), mode="bilinear").byte()

    reference = simnet.extract(pixels[:half])["pool"].numpy()
    distances = [
        FrechetDistance()
        .estimate(MetricInput({"pool": simnet.extract(made)["pool"].numpy()}, {"pool": reference}))
        .value
        for made in (rest.byte(), blurred(4), blurred(16), noise)
    ]
    assert distances == sorted(distances)
    assert distances[-1] > 4 * distances[0]
