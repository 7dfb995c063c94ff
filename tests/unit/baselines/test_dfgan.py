"""DF-GAN: state dicts, losses with known answers, updates, truncation, official files."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from t2ibench.core.noise import Noise
from t2ibench.core.official import ImportsOfficial
from t2ibench.core.types import TrainBatch
from t2ibench_baselines.dfgan import DFGAN
from t2ibench_baselines.dfgan.discriminator import ConditionalPredictor, Discriminator
from t2ibench_baselines.dfgan.generator import Affine, Generator, UpBlock
from t2ibench_baselines.dfgan.losses import discriminator_loss, generator_loss, gradient_penalty
from t2ibench_baselines.dfgan.model import truncated
from t2ibench_baselines.dfgan.parameters import DFGANParameters
from tests.unit.baselines.builders import CAPTIONS, context, noise_of

CHANNELS = (256, 256, 256, 256, 128, 64, 32)  # of the generator's maps, from side 4 to side 256
CONDITION = 100 + 256


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def dfgan(purpose: str = "train", **given: Any) -> DFGAN:
    parameters = {"resolution": 32, "features": 4, "latent": 10, "batch_size": 4, **given}
    return DFGAN.build(DFGANParameters(**parameters), context(purpose))


def batch_for(model: DFGAN) -> TrainBatch:
    resolution = model.parameters.resolution
    return TrainBatch(
        0, "train", CAPTIONS, {resolution: torch.rand(4, 3, resolution, resolution) * 2 - 1}, torch.arange(4)
    )


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def official_generator() -> dict[str, tuple[int, ...]]:
    table: dict[str, tuple[int, ...]] = {"fc.weight": (4096, 100), "fc.bias": (4096,)}
    for block, (before, after) in enumerate(itertools.pairwise(CHANNELS)):
        at = f"GBlocks.{block}"
        table |= {f"{at}.c1.weight": (after, before, 3, 3), f"{at}.c1.bias": (after,)}
        table |= {f"{at}.c2.weight": (after, after, 3, 3), f"{at}.c2.bias": (after,)}
        for fuse, width in (("fuse1", before), ("fuse2", after)):
            for affine in ("affine0", "affine1"):
                for part in ("fc_gamma", "fc_beta"):
                    deep = f"{at}.{fuse}.{affine}.{part}"
                    table |= {f"{deep}.linear1.weight": (width, CONDITION), f"{deep}.linear1.bias": (width,)}
                    table |= {f"{deep}.linear2.weight": (width, width), f"{deep}.linear2.bias": (width,)}
        if before != after:
            table |= {f"{at}.c_sc.weight": (after, before, 1, 1), f"{at}.c_sc.bias": (after,)}
    return table | {"to_rgb.1.weight": (3, 32, 3, 3), "to_rgb.1.bias": (3,)}


def official_discriminator() -> dict[str, tuple[int, ...]]:
    table: dict[str, tuple[int, ...]] = {"conv_img.weight": (32, 3, 3, 3), "conv_img.bias": (32,)}
    for block, (after, before) in enumerate(zip(CHANNELS[-2::-1], CHANNELS[:0:-1], strict=True)):
        at = f"DBlocks.{block}"
        table |= {f"{at}.gamma": (1,), f"{at}.conv_r.0.weight": (after, before, 4, 4)}
        table |= {f"{at}.conv_r.2.weight": (after, after, 3, 3)}
        table |= {f"{at}.conv_s.weight": (after, before, 1, 1), f"{at}.conv_s.bias": (after,)}
    return table


OFFICIAL_PREDICTOR = {"joint_conv.0.weight": (64, 512, 3, 3), "joint_conv.2.weight": (1, 64, 4, 4)}


@pytest.mark.parametrize(
    ("network", "table", "keys", "parameters"),
    [
        (Generator(DFGANParameters(), 256), official_generator(), 226, 9_744_131),
        (Discriminator(DFGANParameters()), official_discriminator(), 32, 6_619_206),
        (ConditionalPredictor(DFGANParameters(), 256), OFFICIAL_PREDICTOR, 2, 295_936),
    ],
)
def test_state_dicts_are_the_official_ones(
    network: nn.Module, table: dict[str, tuple[int, ...]], keys: int, parameters: int
) -> None:
    assert shapes(network) == table
    assert len(table) == keys
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


@pytest.mark.parametrize("resolution", [16, 32, 64, 128])
def test_every_side_has_its_blocks(resolution: int) -> None:
    parameters = DFGANParameters.model_validate({"resolution": resolution, "features": 2, "latent": 5})
    generator = Generator(parameters, 6)
    images = generator(torch.randn(2, 5), torch.randn(2, 6))
    assert images.shape == (2, 3, resolution, resolution)
    assert len(generator.GBlocks) == math.log2(resolution) - 2
    features = Discriminator(parameters)(images)
    assert features.shape == (2, 2 * min(8, resolution // 4), 4, 4)
    assert ConditionalPredictor(parameters, 6)(features, torch.randn(2, 6)).shape == (2,)


def test_affine_maps_begin_as_the_identity_and_residuals_of_the_discriminator_at_nothing() -> None:
    features, condition = torch.randn(2, 6, 4, 4), torch.randn(2, 5)
    torch.testing.assert_close(Affine(5, 6)(features, condition), features)
    discriminator = Discriminator(DFGANParameters(resolution=16, features=4))
    assert all(value == 0 for key, value in discriminator.state_dict().items() if key.endswith("gamma"))


def test_an_affine_map_scales_and_shifts_every_channel() -> None:
    affine = Affine(5, 3)
    for part, values in ((affine.fc_gamma, [2.0, 3.0, -1.0]), (affine.fc_beta, [0.5, 0.0, 1.0])):
        part[-1].bias.data = torch.tensor(values)
    made = affine(torch.ones(1, 3, 2, 2), torch.randn(1, 5))
    torch.testing.assert_close(made[0, :, 1, 1], torch.tensor([2.5, 3.0, 0.0]))


def test_an_up_block_without_convolutions_copies_its_neighbours() -> None:
    block = UpBlock(5, 4, 4)
    nn.init.zeros_(block.c2.weight)
    nn.init.zeros_(block.c2.bias)
    features = torch.randn(1, 4, 3, 3)
    torch.testing.assert_close(
        block(features, torch.randn(1, 5)), features.repeat_interleave(2, 2).repeat_interleave(2, 3)
    )


class Constant(nn.Module):
    """A predictor whose scores are the features' and sentences' first numbers, added."""

    def forward(self, features: Tensor, sentence: Tensor) -> Tensor:
        return features.flatten(1)[:, 0] + sentence[:, 0]


def test_hinge_terms_of_known_scores() -> None:
    real, fake = torch.zeros(3, 3, 4, 4), torch.zeros(3, 3, 4, 4)
    real[:, 0, 0, 0] = torch.tensor([0.0, 2.0, -4.0])
    fake[:, 0, 0, 0] = torch.tensor([-3.0, 1.0, 0.5])
    sentence = torch.tensor([[0.25], [-0.5], [1.0]])
    discriminators: Any = (nn.Identity(), Constant())
    loss, parts = discriminator_loss(*discriminators, real, fake, sentence, DFGANParameters(penalty_weight=0))
    # real 0.25, 1.5, -3; mismatched: image 1, 2, 0 with sentence 0, 1, 2 are 2.25, -4.5, 1; fake -2.75, 0.5, 1.5
    wanted = {"real": (0.75 + 0 + 4) / 3, "mismatched": (3.25 + 0 + 2) / 3, "fake": (0 + 1.5 + 2.5) / 3}
    assert {name: value.item() for name, value in parts.items()} == pytest.approx(wanted)
    assert loss.item() == pytest.approx(wanted["real"] + (wanted["mismatched"] + wanted["fake"]) / 2)
    loss, _ = generator_loss(*discriminators, fake, sentence)
    assert loss.item() == pytest.approx(-(-2.75 + 0.5 + 1.5) / 3)


def test_an_undecided_judge_pays_two() -> None:
    parameters = DFGANParameters(resolution=16, features=4)
    discriminator, predictor = Discriminator(parameters), ConditionalPredictor(parameters, 6)
    nn.init.zeros_(predictor.joint_conv[2].weight)
    given = torch.rand(3, 3, 16, 16), torch.rand(3, 3, 16, 16), torch.randn(3, 6)
    loss, parts = discriminator_loss(discriminator, predictor, *given, parameters)
    assert loss.item() == pytest.approx(2)
    assert parts["penalty"].item() == 0
    loss.backward()
    assert all(p.grad is None or bool(torch.isfinite(p.grad).all()) for p in predictor.parameters())


@pytest.mark.parametrize(("weight", "power"), [(2.0, 6.0), (1.5, 2.0)])
def test_the_penalty_of_a_linear_score_is_its_closed_form(weight: float, power: float) -> None:
    of_image, of_sentence = torch.randn(3, 2, 2, requires_grad=True), torch.randn(5, requires_grad=True)
    images, sentence = torch.randn(4, 3, 2, 2, requires_grad=True), torch.randn(4, 5, requires_grad=True)
    scale = torch.tensor([1.0, 2.0, 0.5, 0.0])  # row i's slope
    scores = scale * ((images * of_image).sum(dim=(1, 2, 3)) + sentence @ of_sentence)
    penalty = gradient_penalty(scores, (images, sentence), weight=weight, power=power)
    norm = math.sqrt(float(of_image.detach().square().sum() + of_sentence.detach().square().sum()))
    assert penalty.item() == pytest.approx(weight * float((scale * norm).pow(power).mean()), rel=1e-5)
    penalty.backward()  # d/dw of k * mean(s^p) * |w|^p is k * p * mean(s^p) * |w|^(p - 2) * w
    slope = weight * power * float(scale.pow(power).mean()) * norm ** (power - 2)
    torch.testing.assert_close(of_sentence.grad, slope * of_sentence.detach(), rtol=1e-4, atol=1e-4)


def test_updates_are_one_of_both_judges_and_one_of_the_generator() -> None:
    model = dfgan()
    networks, optimizers = model.networks(), model.optimizers()
    assert set(networks) == {"generator", "discriminator", "predictor"}
    assert {name: optimizer.param_groups[0]["lr"] for name, optimizer in optimizers.items()} == {
        "generator": 1e-4,
        "discriminator": 4e-4,
    }
    assert all(optimizer.param_groups[0]["betas"] == (0.0, 0.9) for optimizer in optimizers.values())
    owners = {"generator": {"generator"}, "discriminator": {"discriminator", "predictor"}}
    calls = []
    model.generator.register_forward_hook(lambda *given: calls.append(1))
    seen = []
    for update in model.updates(batch_for(model), Noise(0).bind_step(0, 4)):
        for network in networks.values():
            network.zero_grad(set_to_none=True)
        update.loss.backward()
        moved = {
            name
            for name, network in networks.items()
            if any(parameter.grad is not None for parameter in network.parameters())
        }
        assert moved == owners[update.optimizer]
        seen.append((update.optimizer, sorted(update.parts)))
    assert seen == [("discriminator", ["fake", "mismatched", "penalty", "real"]), ("generator", ["adversarial"])]
    assert calls == [1]  # the images are made once
    assert model.ema() == {} and dfgan(ema_decay=0.9).ema() == {"generator": 0.9}


def test_only_unused_shortcuts_do_not_learn() -> None:
    discriminator = Discriminator(DFGANParameters(features=2))
    asleep = {key for key, parameter in discriminator.named_parameters() if not parameter.requires_grad}
    assert asleep == {f"DBlocks.{block}.conv_s.{kind}" for block in (3, 4, 5) for kind in ("weight", "bias")}


def test_truncation_keeps_the_rank_of_every_number() -> None:
    given = torch.tensor([-30.0, -3.0, -1.0, 0.0, 0.5, 2.0, 9.0])
    wanted = 0.88 * scipy.stats.truncnorm.ppf(scipy.stats.norm.cdf(given.double().numpy()), -2, 2)
    np.testing.assert_allclose(truncated(given, 0.88).numpy(), wanted, atol=2e-6)
    drawn = truncated(torch.randn(20_000), 1.0).numpy()
    assert scipy.stats.kstest(drawn, scipy.stats.truncnorm(-2, 2).cdf).pvalue > 1e-3
    assert np.abs(drawn).max() <= 2


def test_truncation_changes_images_and_nothing_else_and_only_where_asked() -> None:
    plain, cut = dfgan("generate"), dfgan("generate", truncation=0.88)
    for name, network in cut.exported().items():
        network.load_state_dict(plain.exported()[name].state_dict())
    noise = noise_of(CAPTIONS)
    assert plain.parameters.truncation is None
    images = cut.generate(CAPTIONS, noise)
    assert not torch.allclose(images, plain.generate(CAPTIONS, noise), atol=1e-4)

    class Truncated:
        def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
            return truncated(noise.draw(name, shape), 0.88)

    torch.testing.assert_close(plain.generate(CAPTIONS, Truncated()), images)


def test_official_state_dicts_are_recognised() -> None:
    assert issubclass(DFGAN, ImportsOfficial)
    found = {
        name: DFGAN.recognise(table)
        for name, table in (("G", official_generator()), ("D", official_discriminator()), ("C", OFFICIAL_PREDICTOR))
    }
    assert [one and one.network for one in found.values()] == ["generator", "discriminator", "predictor"]
    assert found["G"] is not None and found["G"].parameters == {"features": 32, "latent": 100, "resolution": 256}
    assert found["D"] is not None and found["D"].parameters == {"features": 32, "resolution": 256}
    assert found["C"] is not None and found["C"].parameters == {"features": 32}
    small = DFGAN.recognise(shapes(Generator(DFGANParameters(resolution=64, features=8, latent=7), 9)))
    assert small is not None and small.parameters == {"features": 8, "latent": 7, "resolution": 64}
    fewer = {key: shape for key, shape in official_generator().items() if not re.search("fuse2|c_sc|bias", key)}
    assert DFGAN.recognise(fewer) == found["G"]
    headless = {key: shape for key, shape in official_generator().items() if key.startswith("GBlocks.")}
    told = DFGAN.recognise(headless)
    assert told is not None and (told.network, told.parameters) == ("generator", {"resolution": 256})
    assert DFGAN.recognise({"fc.weight": (4096, 100), "jointConv.0.weight": (64, 512, 3, 3)}) is None
    assert DFGAN.recognise({}) is None


def test_an_official_state_is_taken_as_it_is() -> None:
    parameters = DFGANParameters(resolution=16, features=2, latent=3)
    generator = Generator(parameters, 4)
    state = generator.state_dict()
    assert DFGAN.official_state("generator", state) == state
    Generator(parameters, 4).load_state_dict(state)


@pytest.mark.parametrize("given", [{"resolution": 48}, {"penalty_power": 1.0}, {"truncation": 0.0}, {"branches": 3}])
def test_bad_parameters_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DFGANParameters(**given)


def test_the_defaults_are_the_official_ones() -> None:
    p = DFGANParameters()
    assert (p.resolution, p.features, p.latent, p.batch_size, p.ema_decay) == (256, 32, 100, 32, 0)
    assert (p.penalty_weight, p.penalty_power, p.beta1, p.beta2) == (2, 6, 0, 0.9)
    assert DFGAN.card().licence == "MIT"
    assert "non-commercial" in " ".join(DFGAN.card().notes)
    assert DFGAN.official_licence == "CC BY-NC-SA 4.0"
