"""Official state dicts of both StackGANs: keys and shapes are ours, and are recognised also where some are missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from t2ibench.core.errors import UserError
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines.attngan.generator import Generator as AttnGANGenerator
from t2ibench_baselines.attngan.parameters import AttnGANParameters
from t2ibench_baselines.stackgan_v1 import StackGANv1
from t2ibench_baselines.stackgan_v1.discriminator import Discriminator
from t2ibench_baselines.stackgan_v1.generator import StageOne, StageTwo
from t2ibench_baselines.stackgan_v2 import StackGANv2
from t2ibench_baselines.stackgan_v2.discriminator import Discriminator as SecondDiscriminator
from t2ibench_baselines.stackgan_v2.generator import Generator as SecondGenerator

LISTS = Path(__file__).resolve().parents[4] / "shared" / "spec" / "gans-state-dicts.txt"
Shapes = dict[str, tuple[int, ...]]


def on_meta(make: Callable[..., nn.Module], *arguments: Any, **given: Any) -> nn.Module:
    with torch.device("meta"):
        return make(*arguments, **given)


def shapes_of(network: nn.Module) -> Shapes:
    """Shapes as in files of torch before 0.4.1, which count no batches."""
    state = network.state_dict()
    return {key: tuple(value.shape) for key, value in state.items() if not key.endswith("num_batches_tracked")}


RELEASED = StackGANv1.Parameters(generator_features=192)
OFFICIAL = {
    "STAGE1_G": (lambda: on_meta(StageOne, RELEASED, 1024), 33, 28, 20_020_832),
    "STAGE1_D": (lambda: on_meta(Discriminator, 64, 96, unconditional=False), 27, 23, 12_407_425),
    "STAGE2_G": (lambda: on_meta(StageTwo, RELEASED, 1024), 103, 87, 57_151_312),
    "STAGE2_D": (lambda: on_meta(Discriminator, 256, 96, unconditional=True), 53, 45, 159_889_538),
}


@pytest.mark.parametrize("name", OFFICIAL)
def test_numbers_of_keys_and_parameters(name: str) -> None:
    make, keys, uncounted, parameters = OFFICIAL[name]
    network = make()
    assert (len(network.state_dict()), len(shapes_of(network))) == (keys, uncounted)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    if name == "STAGE2_G":
        learning = [p for key, p in network.named_parameters() if not key.startswith("STAGE1_G.")]
        assert sum(parameter.numel() for parameter in learning) == 37_130_480


def official(head: str) -> Shapes:
    """Return the keys and shapes of one network of the lists, which leave the counters out."""
    if not LISTS.is_file():
        pytest.skip("the lists of official keys of ../shared/spec are not on this machine")
    block = LISTS.read_text().split(f"# {head} ", 1)[1].split("\n# ", 1)[0].splitlines()[1:]
    found = (re.fullmatch(r"(\S+) \(([\d, ]*)\)", line) for line in block if line.strip())
    return {one.group(1): tuple(int(size) for size in one.group(2).split(",") if size.strip()) for one in found if one}


@pytest.mark.parametrize("name", OFFICIAL)
def test_every_key_and_shape_is_official(name: str) -> None:
    listed = official(f"sg1 {name}")
    ours = shapes_of(OFFICIAL[name][0]())
    running = ("running_mean", "running_var")  # the list leaves those of the heads out
    assert {key for key in ours if key not in listed} <= {key for key in ours if key.endswith(running)}
    assert all(ours[key] == shape for key, shape in listed.items())


FIRST = {
    "STAGE1_G": (
        "generator",
        {"stages": 1, "generator_features": 192, "base_resolution": 64, "latent": 100, "condition": 128},
    ),
    "STAGE2_G": (
        "generator",
        {
            "stages": 2,
            "generator_features": 192,
            "base_resolution": 64,
            "latent": 100,
            "condition": 128,
            "residual_blocks": 2,
        },
    ),
    "STAGE1_D": ("discriminator/64", {"discriminator_features": 96, "condition": 128}),
    "STAGE2_D": ("discriminator/256", {"discriminator_features": 96, "condition": 128}),
}


@pytest.mark.parametrize("name", FIRST)
def test_stackgan_is_recognised(name: str) -> None:
    shapes = shapes_of(OFFICIAL[name][0]())
    found = StackGANv1.recognise(shapes)
    assert found is not None
    network, parameters = FIRST[name]
    assert (found.network, found.dataset) == (network, "coco")
    assert dict(found.parameters) == {"text": "char-cnn-rnn", **parameters}
    StackGANv1.Parameters.model_validate(dict(found.parameters))
    for key in shapes:
        partial = StackGANv1.recognise({other: shape for other, shape in shapes.items() if other != key})
        assert partial is not None and partial.network == network
    assert StackGANv2.recognise(shapes) is None


def test_smaller_ones_are_told_by_their_shapes() -> None:
    sizes: dict[str, Any] = {"generator_features": 8, "base_resolution": 16, "residual_blocks": 3}
    parameters = StackGANv1.Parameters(**sizes, latent=7, condition=5)
    found = StackGANv1.recognise(shapes_of(on_meta(StageTwo, parameters, 11)))
    assert found is not None and found.dataset == ""
    assert dict(found.parameters) == {
        "text": "char-cnn-rnn",
        "stages": 2,
        "condition": 5,
        "generator_features": 8,
        "base_resolution": 16,
        "latent": 7,
        "residual_blocks": 3,
    }


SECOND = {
    "generator": (
        lambda: on_meta(SecondGenerator, StackGANv2.Parameters(), 1024),
        {"branches": 3, "residual_blocks": 2, "base_resolution": 64},
    ),
    "discriminator/64": (lambda: on_meta(SecondDiscriminator, 64), {}),
    "discriminator/128": (lambda: on_meta(SecondDiscriminator, 128), {}),
    "discriminator/256": (lambda: on_meta(SecondDiscriminator, 256), {}),
}


@pytest.mark.parametrize("network", SECOND)
def test_stackgan_v2_is_recognised(network: str) -> None:
    make, parameters = SECOND[network]
    shapes = shapes_of(make())
    found = StackGANv2.recognise(shapes)
    assert found is not None and (found.network, found.dataset) == (network, "cub")
    if network == "generator":
        parameters = {**parameters, "generator_features": 64, "latent": 100}
    else:
        parameters = {**parameters, "discriminator_features": 64}
    assert dict(found.parameters) == {"text": "char-cnn-rnn", "condition": 128, **parameters}
    StackGANv2.Parameters.model_validate(dict(found.parameters))
    for key in shapes:
        partial = StackGANv2.recognise({other: shape for other, shape in shapes.items() if other != key})
        assert partial is not None and partial.network == network
    assert StackGANv1.recognise(shapes) is None
    state = {key: torch.zeros(1) for key in shapes}
    assert StackGANv2.official_state(network, state) is state


@pytest.mark.parametrize(("head", "network"), [("G_NET {}", "generator"), ("D_NET128 {}", "discriminator")])
def test_unconditional_ones_are_refused_with_a_sentence(head: str, network: str) -> None:
    with pytest.raises(UserError, match=f"{network} of an unconditional StackGAN-v2.*no caption"):
        StackGANv2.recognise(official(f"sg2 {head}"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: on_meta(AttnGANGenerator, AttnGANParameters(), 256),
        lambda: on_meta(SentenceDiscriminator, 128, 64, 256),
    ],
)
def test_other_models_networks_are_not_ours(make: Callable[[], nn.Module]) -> None:
    shapes = shapes_of(make())
    assert StackGANv1.recognise(shapes) is None and StackGANv2.recognise(shapes) is None


@pytest.mark.parametrize("head", ["dm G_NET", "dm D_NET128", "df NetG", "df NetD", "df NetC", "attn RNN", "attn CNN"])
def test_nor_are_those_of_the_lists(head: str) -> None:
    shapes = official(head)
    assert StackGANv1.recognise(shapes) is None and StackGANv2.recognise(shapes) is None
