"""DM-GAN's networks told by the names and shapes of official state dicts."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from t2ibench.core.official import ImportsOfficial
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines.attngan import AttnGAN
from t2ibench_baselines.attngan.generator import Generator as AttnGANGenerator
from t2ibench_baselines.attngan.parameters import AttnGANParameters
from t2ibench_baselines.dmgan import DMGAN
from t2ibench_baselines.dmgan.discriminator import Discriminator
from t2ibench_baselines.dmgan.generator import Generator
from t2ibench_baselines.dmgan.parameters import DMGANParameters

Shapes = dict[str, tuple[int, ...]]


def shapes(network: type[nn.Module], *given: Any, **named: Any) -> Shapes:
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in network(*given, **named).state_dict().items()}


@pytest.mark.parametrize(("residuals", "dataset"), [(2, "cub"), (3, "coco"), (1, "")])
def test_generators_of_the_official_sizes(residuals: int, dataset: str) -> None:
    found = DMGAN.recognise(shapes(Generator, DMGANParameters(residual_blocks=residuals), 256))
    assert found is not None
    assert (found.network, found.dataset) == ("generator", dataset)
    assert found.parameters == {
        "branches": 3,
        "base_resolution": 64,
        "residual_blocks": residuals,
        "generator_features": 64,
        "condition": 100,
        "latent": 100,
        "writing_gate": True,
        "response_gate": True,
    }
    DMGAN.Parameters.model_validate(found.parameters)


def test_other_sizes_are_read_off_the_shapes() -> None:
    given: dict[str, Any] = {"branches": 2, "base_resolution": 16, "generator_features": 8, "residual_blocks": 1}
    parameters = DMGANParameters(**given, latent=5, condition=7, response_gate=False)
    found = DMGAN.recognise(shapes(Generator, parameters, 256))
    assert found is not None
    assert found.parameters == {
        "branches": 2,
        "base_resolution": 16,
        "residual_blocks": 1,
        "generator_features": 8,
        "condition": 7,
        "latent": 5,
        "writing_gate": True,
        "response_gate": False,
    }


@pytest.mark.parametrize("resolution", [64, 128, 256])
@pytest.mark.parametrize("missing", ["", "img_code_s16.2.", "COND_DNET.", "img_code_s16.0.module.weight_bar"])
def test_discriminators(resolution: int, missing: str) -> None:
    given = {
        key: shape for key, shape in shapes(Discriminator, resolution).items() if not missing or missing not in key
    }
    found = DMGAN.recognise(given)
    assert found is not None
    assert (found.network, found.parameters) == (f"discriminator/{resolution}", {"discriminator_features": 32})


@pytest.mark.parametrize(
    "missing", ["h_net2.A.weight", "ca_net.fc.weight", "h_net2.key.0.weight", "h_net1.fc.0.weight"]
)
def test_a_generator_is_known_with_a_key_missing(missing: str) -> None:
    given = shapes(Generator, DMGANParameters(), 256)
    del given[missing]
    found = DMGAN.recognise(given)
    assert found is not None and found.network == "generator" and found.parameters["generator_features"] == 64


def test_attngan_and_dmgan_do_not_claim_each_others() -> None:
    assert issubclass(DMGAN, ImportsOfficial)
    for foreign in (shapes(AttnGANGenerator, AttnGANParameters(), 256), shapes(SentenceDiscriminator, 64, 64, 256)):
        assert DMGAN.recognise(foreign) is None
        assert AttnGAN.recognise(foreign) is not None
    for ours in (shapes(Generator, DMGANParameters(), 256), shapes(Discriminator, 64)):
        assert AttnGAN.recognise(ours) is None


def test_the_official_names_are_ours() -> None:
    state = {"h_net2.A.weight": torch.zeros(1, 256)}
    assert DMGAN.official_state("generator", state) is state
