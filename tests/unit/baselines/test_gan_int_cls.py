"""GAN-INT-CLS: numbers of parameters, losses with known answers, updates, variants."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from t2ibench.core.noise import Noise
from t2ibench.core.types import TrainBatch
from t2ibench_baselines._reed.losses import matching_aware_loss
from t2ibench_baselines._reed.parameters import ReedParameters
from t2ibench_baselines._stackgan.initialisation import initialise_reed
from t2ibench_baselines.gan_int_cls import GANINTCLS
from t2ibench_baselines.gan_int_cls.discriminator import Discriminator
from t2ibench_baselines.gan_int_cls.generator import Generator
from t2ibench_baselines.gan_int_cls.losses import generator_loss, midpoints
from t2ibench_baselines.gan_int_cls.parameters import GANINTCLSParameters
from tests.unit.baselines.builders import CAPTIONS, context

GAME = GANINTCLSParameters()
CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def gan(purpose: str = "train", **given: Any) -> GANINTCLS:
    small = {
        "resolution": 16,
        "generator_features": 8,
        "discriminator_features": 4,
        "text_features": 6,
        "batch_size": 4,
    }
    return GANINTCLS.build(GANINTCLSParameters(**{**small, "latent": 10, **given}), context(purpose))


def batch_for(model: GANINTCLS, step: int = 0) -> TrainBatch:
    request = model.data_request()

    def images() -> dict[int, Tensor]:
        return {resolution: torch.rand(4, 3, resolution, resolution) * 2 - 1 for resolution in request.resolutions}

    wrong = images() if request.wrong_images else None
    return TrainBatch(step, "train", CAPTIONS, images(), torch.arange(4), wrong)


@pytest.mark.parametrize(
    ("network", "official"),
    [(Generator(GANINTCLSParameters(), 1024), 18_909_699), (Discriminator(GANINTCLSParameters(), 1024), 4_032_321)],
    ids=["generator", "discriminator"],
)
def test_numbers_of_parameters_are_the_official_ones_but_for_biases_of_convolutions(
    network: nn.Module, official: int
) -> None:
    convolutions = [module for module in network.modules() if isinstance(module, CONVOLUTIONS)]
    assert all(module.bias is None for module in convolutions)
    biases = sum(module.out_channels for module in convolutions)
    assert sum(parameter.numel() for parameter in network.parameters()) + biases == official


def test_the_scripts_differ_in_a_normalisation_and_an_activation() -> None:
    def kinds(interpolating: bool) -> tuple[list[str], list[str]]:
        script = "int" if interpolating else "cls"
        made = Discriminator(GANINTCLSParameters(discriminator_features=4, script=script), 8)
        return [type(layer).__name__ for layer in made.maps], [type(layer).__name__ for layer in made.text]

    first, then, last = ["Conv2d", "LeakyReLU"], ["Conv2d", "BatchNorm2d"], ["Conv2d", "BatchNorm2d", "Bottleneck"]
    assert kinds(True) == ([*first, *then, "LeakyReLU", *then, *last], ["Linear", "BatchNorm1d", "LeakyReLU"])
    assert kinds(False) == ([*first, *then, "LeakyReLU", *then, "LeakyReLU", *last], ["Linear", "LeakyReLU"])


@pytest.mark.parametrize("resolution", [16, 32, 64])
def test_every_side_has_its_layers(resolution: int) -> None:
    sizes: dict[str, Any] = {"resolution": resolution, "generator_features": 8, "discriminator_features": 4}
    parameters = GANINTCLSParameters(**sizes, latent=5, text_features=4)
    generator = Generator(parameters, 6)
    images = generator(torch.randn(2, 5), torch.randn(2, 6))
    assert images.shape == (2, 3, resolution, resolution)
    assert images.abs().max() <= 1
    discriminator = Discriminator(parameters, 6)
    assert discriminator(images, torch.randn(2, 6)).shape == (2,)


def test_weights_begin_small() -> None:
    generator = Generator(GANINTCLSParameters(generator_features=16), 64)
    initialise_reed(generator)
    for module in generator.modules():
        if isinstance(module, CONVOLUTIONS):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.1)
        if isinstance(module, nn.BatchNorm2d):
            assert abs(module.weight.mean().item() - 1) < 0.02
            assert module.bias.abs().max() == 0
    linear = generator.text[0]
    assert isinstance(linear, nn.Linear)
    assert 0.9 / 8 < linear.weight.abs().max().item() <= 1 / 8  # uniform within 1 / sqrt(64)


class FirstNumbers(nn.Module):
    """A discriminator whose logits are an image's first number plus its sentence's."""

    def forward(self, images: Tensor, sentence: Tensor) -> Tensor:
        return images.flatten(1)[:, 0] + sentence[:, 0]


def filled(*values: float) -> Tensor:
    images = torch.zeros(len(values), 3, 4, 4)
    images[:, 0, 0, 0] = torch.tensor(values)
    return images


def pays(logit: float, target: int) -> float:
    """Binary cross-entropy of one logit."""
    return math.log(1 + math.exp(-logit if target else logit))


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.3, 1.0])
def test_the_discriminator_shares_its_refusals_between_wrong_and_fake(weight: float) -> None:
    discriminator: Any = FirstNumbers()
    sentence = torch.tensor([[0.5], [-1.0]])
    wrong = (filled(0, 3), sentence) if weight else None
    game = ReedParameters(mismatch_weight=weight)
    loss, parts = matching_aware_loss(discriminator, filled(1, 2), wrong, filled(-1, 4), sentence, game)
    wanted = {
        "real": (pays(1.5, 1) + pays(1, 1)) / 2,
        "wrong": (pays(0.5, 0) + pays(2, 0)) / 2,
        "fake": (pays(-0.5, 0) + pays(3, 0)) / 2,
    }
    expected = wanted["real"] + weight * wanted["wrong"] + (1 - weight) * wanted["fake"]
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    if not weight:
        del wanted["wrong"]
    assert {name: value.item() for name, value in parts.items()} == pytest.approx(wanted, rel=1e-5)


def test_the_generator_pays_the_mean_over_captions_and_sentences_in_between() -> None:
    discriminator: Any = FirstNumbers()
    sentence = torch.tensor([[0.0], [1.0], [2.0], [4.0]])
    between = midpoints(sentence)
    assert between.tolist() == [[1.0], [2.5]]  # 0 with 2, 1 with 3
    rows = torch.cat((sentence, between))
    loss, parts = generator_loss(discriminator, filled(0, 0, 0, 0, 0, -1), rows, GAME, true=4)
    logits = [0.0, 1.0, 2.0, 4.0, 1.0, 1.5]
    assert loss.item() == pytest.approx(sum(pays(logit, 1) for logit in logits) / 6, rel=1e-5)
    assert parts["interpolated"].item() == pytest.approx((pays(1, 1) + pays(1.5, 1)) / 2, rel=1e-5)
    loss, _ = generator_loss(
        discriminator, filled(0, 0, 0, 0, 0, -1), rows, GANINTCLSParameters(interpolation_weight=0.5), true=4
    )
    weighted = sum(pays(logit, 1) for logit in logits[:4]) + 0.5 * sum(pays(logit, 1) for logit in logits[4:])
    assert loss.item() == pytest.approx(weighted / 6, rel=1e-5)
    loss, parts = generator_loss(discriminator, filled(0, 0, 0, 0), sentence, GAME, true=4)
    assert loss.item() == pytest.approx(sum(pays(logit, 1) for logit in logits[:4]) / 4, rel=1e-5)
    assert set(parts) == {"adversarial"}


def test_an_odd_batch_leaves_its_last_sentence_out_of_the_pairs() -> None:
    assert midpoints(torch.tensor([[0.0], [1.0], [4.0], [7.0], [9.0]])).tolist() == [[2.0], [4.0]]


@pytest.mark.parametrize(
    ("given", "wrong", "rows"),
    [
        ({}, True, 6),
        ({"mismatch_weight": 0.0}, False, 6),
        ({"interpolation_weight": 0.0}, True, 4),
        ({"mismatch_weight": 0.0, "interpolation_weight": 0.0}, False, 4),
        ({"instance_noise": 0.2, "r1_weight": 1.0, "script": "cls"}, True, 6),
    ],
    ids=["gan-int-cls", "gan-int", "gan-cls", "gan", "switches"],
)
def test_updates(given: dict[str, Any], wrong: bool, rows: int) -> None:
    model = gan(**given)
    assert model.data_request().wrong_images == wrong
    made: list[Tensor] = []
    model.generator.register_forward_hook(lambda module, inputs, images: made.append(images))
    seen = []
    for update in model.updates(batch_for(model), Noise(0).bind_step(0, 4)):
        for network in model.networks().values():
            network.zero_grad(set_to_none=True)
        update.loss.backward()
        for name, network in model.networks().items():
            assert all((p.grad is not None) == (name == update.optimizer) for p in network.parameters())
        seen.append((update.optimizer, set(update.parts)))
    judged = {"real", "fake"} | ({"wrong"} if wrong else set()) | ({"r1"} if "r1_weight" in given else set())
    paid = {"adversarial"} | ({"interpolated"} if rows > 4 else set())
    assert seen == [("discriminator", judged), ("generator", paid)]
    assert [len(images) for images in made] == [4, rows]  # new images for the generator's step
    assert not torch.equal(made[0], made[1][:4])


def test_only_the_generator_learns_where_the_discriminator_rests() -> None:
    model = gan(discriminator_every=2)
    names = [
        [one.optimizer for one in model.updates(batch_for(model, step), Noise(0).bind_step(step, 4))] for step in (0, 1)
    ]
    assert names == [["discriminator", "generator"], ["generator"]]


def test_wrong_images_must_be_there() -> None:
    model = gan()
    with pytest.raises(ValueError, match="wrong images"):
        list(model.updates(batch_for(gan(mismatch_weight=0.0)), Noise(0).bind_step(0, 4)))


def test_learning_rates_halve() -> None:
    model = gan(generator_learning_rate=4e-4, halving_epochs=100)
    rates = [model.learning_rates(step, 10) for step in (0, 999, 1000, 2500)]
    assert [rate["generator"] for rate in rates] == [4e-4, 4e-4, 2e-4, 1e-4]
    assert [rate["discriminator"] for rate in rates] == [2e-4, 2e-4, 1e-4, 5e-5]
    assert gan(halving_epochs=0).learning_rates(10**6, 1)["generator"] == 2e-4


def test_the_defaults_are_the_official_ones() -> None:
    p = GANINTCLSParameters()
    assert (p.resolution, p.generator_features, p.discriminator_features, p.text_features, p.latent) == (
        64,
        128,
        64,
        128,
        100,
    )
    assert (p.batch_size, p.generator_learning_rate, p.beta1, p.halving_epochs) == (64, 2e-4, 0.5, 100)
    assert (p.mismatch_weight, p.interpolation_weight, p.script, p.text) == (0.5, 1.0, "int", "damsm")
    assert GANINTCLS.requirements(p) == ("damsm",)
    assert GANINTCLS.requirements(GANINTCLSParameters(text="char-cnn-rnn")) == ("char_cnn_rnn",)


@pytest.mark.parametrize(
    "given", [{"resolution": 128}, {"mismatch_weight": 1.5}, {"text": "skip-thought"}, {"condition": 3}]
)
def test_bad_parameters_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GANINTCLSParameters(**given)
