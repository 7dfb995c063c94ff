"""Keys and numbers of parameters against the official networks (the shipped configurations)."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines.attngan.generator import Generator as AttnGANGenerator
from t2ibench_baselines.attngan.parameters import AttnGANParameters
from t2ibench_baselines.dmgan.discriminator import Discriminator as DMGANDiscriminator
from t2ibench_baselines.dmgan.generator import Generator as DMGANGenerator
from t2ibench_baselines.dmgan.parameters import DMGANParameters
from t2ibench_baselines.stackgan_v2.discriminator import Discriminator as StackGANDiscriminator
from t2ibench_baselines.stackgan_v2.generator import Generator as StackGANGenerator
from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters


def counts(network: nn.Module) -> tuple[int, int]:
    return len(network.state_dict()), sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize(
    ("given", "keys", "parameters"),
    [
        ({}, 97, 7_084_592),
        ({"generator_features": 48, "residual_blocks": 3}, 121, 13_811_456),
        ({"branches": 2}, 65, 6_816_592),
        ({"dcgan": True, "residual_blocks": 0}, 47, 6_638_960),
    ],
)
def test_attngan_generator(given: dict[str, int], keys: int, parameters: int) -> None:
    assert counts(AttnGANGenerator(AttnGANParameters.model_validate(given), 256)) == (keys, parameters)


@pytest.mark.parametrize(
    ("resolution", "width", "unconditional", "keys", "parameters"),
    [
        (64, 64, True, 29, 6_313_730),
        (128, 64, True, 41, 19_424_002),
        (256, 64, True, 53, 71_858_946),
        (64, 96, True, 29, 13_304_450),
        (128, 96, True, 41, 42_800_258),
        (256, 64, False, 51, 71_850_753),
    ],
)
def test_attngan_discriminator(resolution: int, width: int, unconditional: bool, keys: int, parameters: int) -> None:
    assert counts(SentenceDiscriminator(resolution, width, 256, unconditional=unconditional)) == (keys, parameters)


@pytest.mark.parametrize(("residuals", "keys", "parameters"), [(2, 119, 21_449_042), (3, 143, 22_335_314)])
def test_dmgan_generator(residuals: int, keys: int, parameters: int) -> None:
    with torch.device("meta"):
        generator = DMGANGenerator(DMGANParameters(residual_blocks=residuals), 256)
    assert counts(generator) == (keys, parameters)
    learned = [key for key in generator.state_dict() if not key.endswith("num_batches_tracked")]
    assert len(learned) == {2: 104, 3: 124}[residuals]
    memory = {key: tuple(value.shape) for key, value in generator.h_net3.state_dict().items() if "." in key}
    assert {key: shape for key, shape in memory.items() if not key.startswith(("residual.", "upsample."))} == {
        "A.weight": (1, 256),
        "B.weight": (1, 64),
        "M_r.0.weight": (128, 64, 1),
        "M_r.0.bias": (128,),
        "M_w.0.weight": (128, 256, 1),
        "M_w.0.bias": (128,),
        "key.0.weight": (64, 128, 1),
        "key.0.bias": (64,),
        "value.0.weight": (64, 128, 1),
        "value.0.bias": (64,),
        "response_gate.0.weight": (1, 128, 1, 1),
        "response_gate.0.bias": (1,),
    }


@pytest.mark.parametrize(
    ("resolution", "keys", "numbers", "learned"),
    [(64, 24, 1_887_218, 1_878_242), (128, 32, 5_174_258, 5_155_810), (256, 40, 18_301_938, 18_264_546)],
)
def test_dmgan_discriminator(resolution: int, keys: int, numbers: int, learned: int) -> None:
    with torch.device("meta"):
        discriminator = DMGANDiscriminator(resolution)
    assert counts(discriminator) == (keys, learned)
    assert sum(value.numel() for value in discriminator.state_dict().values()) == numbers


def test_stackgan_generator() -> None:
    assert counts(StackGANGenerator(StackGANv2Parameters(), 1024)) == (107, 21_239_696)


@pytest.mark.parametrize(
    ("resolution", "keys", "parameters"), [(64, 29, 5_723_906), (128, 41, 18_834_178), (256, 53, 71_269_122)]
)
def test_stackgan_discriminator(resolution: int, keys: int, parameters: int) -> None:
    assert counts(StackGANDiscriminator(resolution)) == (keys, parameters)


def test_names_of_the_deepest_trunk() -> None:
    roots = {key.split(".")[0] for key in SentenceDiscriminator(256, 4, 256).state_dict()}
    assert roots == {
        "img_code_s16",
        "img_code_s32",
        "img_code_s64",
        "img_code_s64_1",
        "img_code_s64_2",
        "UNCOND_DNET",
        "COND_DNET",
    }
