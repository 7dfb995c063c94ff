"""Keys and parameters of the official networks (the shipped configurations), told back by their shapes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from t2ibench.core.registry import registry
from t2ibench.models.official import fit, recognise
from t2ibench.models.official.networks import slots_of
from t2ibench.text.damsm.inception_encoder import InceptionImageEncoder
from t2ibench.text.damsm.text_encoder import TextEncoder
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines.attngan.generator import Generator
from t2ibench_baselines.attngan.parameters import AttnGANParameters

SMALL = {"generator_features": 32, "residual_blocks": 2, "branches": 3, "dcgan": False, "base_resolution": 64}
COCO = SMALL | {"generator_features": 48, "residual_blocks": 3}
DCGAN = SMALL | {"residual_blocks": 0, "dcgan": True}


def generator(**given: Any) -> Generator:
    return Generator(AttnGANParameters(**given), 256)


NETWORKS = {
    "AttnGAN, bird": (lambda: generator(), 82, 97, 7_084_592, "generator", "cub", SMALL),
    "AttnGAN, COCO": (
        lambda: generator(generator_features=48, residual_blocks=3), 102, 121, 13_811_456, "generator", "coco", COCO
    ),
    "AttnGAN1": (lambda: generator(branches=2), 55, 65, 6_816_592, "generator", "cub", SMALL | {"branches": 2}),
    "AttnDCGAN": (lambda: generator(dcgan=True, residual_blocks=0), 40, 47, 6_638_960, "generator", "cub", DCGAN),
    "D64": (lambda: SentenceDiscriminator(64, 64, 256), 25, 29, 6_313_730, "discriminator/64", "cub", {"dcgan": False}),
    "D128": (lambda: SentenceDiscriminator(128, 64, 256), 35, 41, 19_424_002, "discriminator/128", "cub", {}),
    "D256": (lambda: SentenceDiscriminator(256, 64, 256), 45, 53, 71_858_946, "discriminator/256", "cub", {}),
    "D64, COCO": (lambda: SentenceDiscriminator(64, 96, 256), 25, 29, 13_304_450, "discriminator/64", "coco", {}),
    "D128, COCO": (lambda: SentenceDiscriminator(128, 96, 256), 35, 41, 42_800_258, "discriminator/128", "coco", {}),
    "D256, COCO": (lambda: SentenceDiscriminator(256, 96, 256), 45, 53, 160_774_274, "discriminator/256", "coco", {}),
    "D256, DCGAN": (
        lambda: SentenceDiscriminator(256, 64, 256, unconditional=False),
        43, 51, 71_850_753, "discriminator/256", "cub", {"dcgan": True},
    ),
    "text encoder, birds": (lambda: TextEncoder(5450), 9, 9, 2_075_320, "text_encoder", "cub", {"embedding": 256}),
    "text encoder, COCO": (lambda: TextEncoder(27297), 9, 9, 8_629_420, "text_encoder", "coco", {}),
    "image encoder": (
        InceptionImageEncoder, 473, 567, 22_506_720, "image_encoder", "", {"embedding": 256, "trunk": "inception_v3"}
    ),
}  # fmt: skip


def on_meta(build) -> nn.Module:
    with torch.device("meta"):
        network: nn.Module = build()
    return network


def without_counters(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}


@pytest.mark.parametrize("name", NETWORKS)
def test_counts(name):
    build, old, new, parameters, network, dataset, told = NETWORKS[name]
    built = on_meta(build)
    state = built.state_dict()
    assert (len(without_counters(state)), len(state)) == (old, new)
    assert sum(parameter.numel() for parameter in built.parameters()) == parameters
    for given in (state, without_counters(state)):
        known = recognise({key: tuple(value.shape) for key, value in given.items()})
        assert known is not None and (known.official.network, known.official.dataset) == (network, dataset)
        assert told.items() <= known.official.parameters.items()


def test_only_the_heads_of_the_image_encoder_learn():
    heads = on_meta(InceptionImageEncoder).head_parameters()
    assert sum(parameter.numel() for parameter in heads) == 721_152


@pytest.mark.parametrize("name", ["AttnGAN, bird", "AttnGAN, COCO", "AttnGAN1", "AttnDCGAN"])
def test_the_told_parameters_build_the_network(name):
    built = on_meta(NETWORKS[name][0]).state_dict()
    known = recognise({key: tuple(value.shape) for key, value in built.items()})
    assert known is not None
    plugin, encoder = registry("models")["attngan"], registry("encoders")["damsm"]
    parameters = plugin.Parameters.model_validate(dict(known.official.parameters))
    slots = slots_of(plugin, parameters, {"damsm": (encoder, encoder.Parameters())})
    assert {name: (slot.owner, slot.network) for name, slot in slots.items()} == {
        "generator": ("", "generator"),
        "text_encoder": ("damsm", "text_encoder"),
    }
    wanted = slots["generator"].state
    assert {key: value.shape for key, value in wanted.items()} == {key: value.shape for key, value in built.items()}
    assert all(value.device.type == "meta" for value in wanted.values())
    given = {key: torch.zeros(value.shape) for key, value in without_counters(built).items()}
    fitted = fit(wanted, given, "x.pth", known.text)
    assert fitted.filled == len(built) - len(given) and set(fitted.state) == set(built)
    assert all(value.dtype == wanted[key].dtype for key, value in fitted.state.items())
