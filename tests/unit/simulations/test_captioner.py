"""Shipped captioners read drawn images back; what they say is counted against captions as F1."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, open_extractor
from t2ibench.features.language.caption_back import numbers_of
from t2ibench.metrics.captions.read_back import CaptionBackCIDEr
from t2ibench_simulations.metrics.caption_back import AttributeF1, ObjectF1
from t2ibench_simulations.networks import captioner
from t2ibench_simulations.networks.captioner.network import CaptionNetwork, likeliest
from t2ibench_simulations.networks.captioner.trunks import BirdTrunk
from t2ibench_simulations.training.train_captioner import SOURCES

BENCHMARKS = load_benchmarks().content
JUDGED = {"simbirds": AttributeF1, "simscenes": ObjectF1}
COUNT = 120


def given(said, asked, queries=None):
    return MetricInput(
        {"sentence": numbers_of(said).numpy()},
        caption_codes=numbers_of(asked).numpy(),
        queries=np.arange(len(said)) if queries is None else queries,
    )


@pytest.mark.parametrize("data", sorted(JUDGED))
def test_real_images_are_read_back_rightly_and_others_by_chance(data):
    """The figures stand in docs/metrics.md; here a smaller set of images with seeds of its own has to agree."""
    name = f"caption-back-{data}"
    judge = open_extractor(FeatureContext(name, BENCHMARKS.features[name]))
    source = SOURCES[data]
    drawn = [source.drawn(source.held_out(55_000_000 + seed)) for seed in range(COUNT)]
    pixels = torch.from_numpy(np.stack([image for image, _ in drawn])).permute(0, 3, 1, 2)
    edge = (pixels.shape[-1] - 64) // 2
    pixels = pixels[:, :, edge : edge + 64, edge : edge + 64]
    captions = [Caption(str(row), texts[0]) for row, (_, texts) in enumerate(drawn)]
    said = judge.extract(pixels)["sentence"].numpy()
    codes, own = judge.read(captions).numpy(), np.arange(COUNT)
    noise = torch.randint(0, 256, pixels.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    read_in_noise = judge.extract(noise)["sentence"].numpy()

    def value(metric, sentences, queries=own):
        return metric.estimate(MetricInput({"sentence": sentences}, caption_codes=codes, queries=queries)).value

    facts, likeness = JUDGED[data](), CaptionBackCIDEr()
    assert value(facts, said) > 65
    assert value(facts, said, np.roll(own, 1)) < 40
    assert value(facts, read_in_noise) < 40
    assert value(likeness, said) > 2 * value(likeness, said, np.roll(own, 1))
    assert value(likeness, said) > 2 * value(likeness, read_in_noise)


@pytest.mark.parametrize("data", sorted(JUDGED))
def test_its_card_is_of_the_weights_that_ship(data):
    folder = Path(captioner.__file__).parent / data
    card = json.loads((folder / "card.json").read_text())
    assert card["weights_sha256"] == digest_of_file(folder / "weights.safetensors")
    assert card[f"{data}_version"] == SOURCES[data].version
    assert (folder / "weights.safetensors").stat().st_size < 1.5 * 2**20


@pytest.mark.parametrize(
    ("said", "asked", "value"),
    [
        ("this bird has blue wings and a red belly", "this bird has blue wings and a red belly", 100),
        ("this bird has blue wings and a red belly", "this bird has blue wings and a white belly", 50),
        # What only one of them speaks of does not count.
        ("this bird has blue wings and a red belly", "a bird with blue wings, a long bill and a white crown", 100),
        ("this bird has blue wings", "a bird with white wings and a red belly", 0),
    ],
)
def test_f1_of_attributes_is_of_what_both_speak_of(said, asked, value):
    assert AttributeF1().score([said], [asked]) == pytest.approx(value)


@pytest.mark.parametrize(
    ("said", "asked", "value"),
    [
        ("a red ball on the sand", "there is a red ball", 100),
        # The kind alone agrees, not its number and its colour: 2 * 1 of 3 + 3 facts.
        ("two red balls", "a blue ball", 100 * 2 / 6),
        # Colours and numbers of kinds that the other does not name are no facts of both: 2 * 3 of (1 + 2) + (2 + 2).
        ("a red ball and a cat", "a red ball", 100 * 6 / 7),
        ("a red ball", "a blue cat", 0),
        ("a ball", "a red ball", 100),
    ],
)
def test_f1_of_objects_counts_what_is_invented(said, asked, value):
    assert ObjectF1().score([said], [asked]) == pytest.approx(value)


def test_f1_is_a_ratio_over_all_images_and_its_images_average_to_it():
    said = ["this bird has blue wings and a red belly"] * 6 + ["a bird with a black crown"] * 6
    asked = ["this bird has blue wings and a red belly"] * 6 + ["a bird with a white crown"] * 6
    metric, data = AttributeF1(), given(said, asked)
    found = metric.estimate(data)
    assert found.value == pytest.approx(100 * 24 / 36)
    assert metric.image_values(data).mean() == pytest.approx(found.value)
    assert found.interval.low <= found.value <= found.interval.high


def test_sentences_of_something_else_are_refused():
    data = given(["the moon"] * 12, ["this bird has blue wings"] * 12)
    with pytest.raises(UserError, match=r"nothing in common.*captioner of this data set"):
        AttributeF1().estimate(data)


def test_a_beam_as_wide_as_all_sentences_finds_the_likeliest():
    torch.manual_seed(0)
    network = CaptionNetwork(4, BirdTrunk()).eval()
    with torch.no_grad():
        network.last.weight *= 20
    images = torch.rand(3, 3, 64, 64) * 2 - 1

    @torch.no_grad()
    def likelihood(image, words):
        maps = network.trunk(image[None])
        sentence = torch.tensor([[*words, 0][:3]])
        logits, attention = network(maps, sentence)
        assert attention.sum(dim=2) == pytest.approx(1, abs=1e-5)
        return logits.log_softmax(dim=2).gather(2, sentence[..., None]).sum().item()

    every = [[], *([a] for a in range(1, 5)), *([a, b] for a in range(1, 5) for b in range(1, 5))]
    every += [[a, b, c] for a in range(1, 5) for b in range(1, 5) for c in range(1, 5)]
    wide = likeliest(network, images, beam=100, words=3)
    for image, found in zip(images, wide, strict=True):
        best = max(every, key=lambda words: likelihood(image, words))
        assert found == best
    greedy = likeliest(network, images, beam=1, words=3)
    for image, narrow, found in zip(images, greedy, wide, strict=True):
        assert likelihood(image, narrow) <= likelihood(image, found) + 1e-5


def test_sentences_keep_their_commas():
    words = captioner.words_of("This bird's wings are blue, its belly is white")
    assert words == ["this", "bird's", "wings", "are", "blue", ",", "its", "belly", "is", "white"]
    vocabulary = sorted(set(words))
    numbers = [vocabulary.index(word) + 1 for word in words]
    assert captioner.sentence_of(numbers, vocabulary) == "this bird's wings are blue, its belly is white"
