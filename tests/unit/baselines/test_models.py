"""What holds of all models of the lineage: protocols, updates, batch independence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import TextToImage, Trainable
from t2ibench.core.noise import Noise
from t2ibench.core.types import Caption, Trace
from tests.unit.baselines.builders import CAPTIONS, attngan, batch, dmgan, noise_of, stackgan

Builder = Callable[..., Any]

VARIANTS: list[tuple[Builder, dict[str, Any]]] = [
    (attngan, {}),
    (attngan, {"branches": 3}),
    (attngan, {"branches": 1}),
    (attngan, {"base_resolution": 32, "attention": False}),
    (attngan, {"dcgan": True, "residual_blocks": 0}),
    (attngan, {"damsm_weight": 0.0}),
    (attngan, {"score": "hinge", "r1_weight": 1.0, "instance_noise": 0.1, "label_smoothing": 0.1}),
    (dmgan, {}),
    (dmgan, {"branches": 3, "r1_weight": 1.0}),
    (dmgan, {"writing_gate": False, "response_gate": False}),
    (dmgan, {"memory": False, "writing_gate": False, "response_gate": False}),
    (dmgan, {"memory_relu": False, "detached_pooling": False, "self_concatenation": False}),
    (stackgan, {}),
    (stackgan, {"branches": 3, "colour_weight": 5.0}),
    (stackgan, {"unconditional_weight": 0.5, "r1_weight": 1.0, "instance_noise": 0.1}),
]
IDS = [f"{builder.__name__}-{'-'.join(given) or 'default'}" for builder, given in VARIANTS]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(("builder", "given"), VARIANTS, ids=IDS)
def test_updates_touch_their_own_parameters_only(builder: Builder, given: dict[str, Any]) -> None:
    model = builder(**given)
    networks = model.networks()
    optimizers = model.optimizers()
    assert set(optimizers) == set(networks)
    seen = []
    for update in model.updates(batch(model), Noise(0).bind_step(0, 4)):
        for network in (*networks.values(), *model.frozen_networks().values()):
            network.zero_grad(set_to_none=True)
        update.loss.backward()
        assert torch.isfinite(update.loss)
        assert all(not part.requires_grad for part in update.parts.values())
        for name, network in networks.items():
            for key, parameter in network.named_parameters():
                assert (parameter.grad is not None) == (name == update.optimizer), f"{update.optimizer}: {name} {key}"
                assert parameter.requires_grad
        for network in model.frozen_networks().values():
            assert all(parameter.grad is None for parameter in network.parameters())
        owned = {id(p) for group in optimizers[update.optimizer].param_groups for p in group["params"]}
        assert owned == {id(p) for p in networks[update.optimizer].parameters()}
        optimizers[update.optimizer].step()
        seen.append(update.optimizer)
    assert seen == [f"discriminator/{resolution}" for resolution in model.data_request().resolutions] + ["generator"]


@pytest.mark.parametrize(("builder", "given"), VARIANTS, ids=IDS)
def test_images_do_not_depend_on_the_batch(builder: Builder, given: dict[str, Any]) -> None:
    model = builder(**given)
    list(model.updates(batch(model), Noise(0).bind_step(0, 4)))  # running statistics move
    together = model.generate(CAPTIONS, noise_of(CAPTIONS))
    resolution = model.capabilities.resolution
    assert together.shape == (4, 3, resolution, resolution)
    assert together.dtype == torch.float32
    assert together.abs().max() <= 1
    alone = torch.cat([model.generate([caption], noise_of((caption,))) for caption in CAPTIONS])
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=0)
    reverse = CAPTIONS[::-1]
    torch.testing.assert_close(model.generate(reverse, noise_of(reverse)).flip(0), together, atol=1e-5, rtol=0)
    assert not torch.allclose(model.generate(CAPTIONS, noise_of(CAPTIONS, seed=1)), together, atol=1e-3)
    assert model.generator.training


@pytest.mark.parametrize(("builder", "given"), VARIANTS, ids=IDS)
def test_trace_holds_what_capabilities_promise(builder: Builder, given: dict[str, Any]) -> None:
    model = builder(**given)
    assert isinstance(model, TextToImage)
    assert isinstance(model, Trainable)
    trace = Trace()
    images = model.generate(CAPTIONS, noise_of(CAPTIONS), trace=trace)
    assert tuple(trace.stages) == model.capabilities.stages
    assert torch.equal(trace.stages[model.capabilities.resolution], images)
    assert bool(trace.attention) == model.capabilities.attention
    for attended in trace.attention:
        number, longest, height, _ = attended.weights.shape
        assert (number, longest, height) == (4, 8, attended.stage // 2)
        assert attended.words[2] == ("a", "bird")
        torch.testing.assert_close(attended.weights.sum(dim=1), torch.ones(4, height, height))
        assert attended.weights[2, 2:].max() == 0


@pytest.mark.parametrize("builder", [attngan, dmgan, stackgan])
def test_generation_rebuilds_from_what_is_exported(builder: Builder) -> None:
    trained = builder()
    rebuilt = builder("generate")
    assert set(rebuilt.networks()) == {"generator"}
    assert set(rebuilt.exported()) == {"generator", "text_encoder"}
    for name, network in rebuilt.exported().items():
        network.load_state_dict(trained.exported()[name].state_dict())
    expected = trained.generate(CAPTIONS, noise_of(CAPTIONS))
    assert torch.equal(rebuilt.generate(CAPTIONS, noise_of(CAPTIONS)), expected)
    assert rebuilt.encoder._image_encoder is None


@pytest.mark.parametrize("builder", [attngan, dmgan, stackgan])
def test_a_caption_without_known_words_is_refused(builder: Builder) -> None:
    model = builder("generate")
    captions = (*CAPTIONS, Caption("t/x", "purple dragons"))
    with pytest.raises(UserError, match="purple dragons"):
        model.generate(captions, noise_of(captions))


@pytest.mark.parametrize("builder", [attngan, dmgan, stackgan])
@pytest.mark.parametrize("maximum", [None, 3])
def test_latents_are_those_that_are_drawn(builder: Builder, maximum: int | None) -> None:
    names = set()

    class Recorded:
        def draw(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
            names.add(name)
            return noise_of(CAPTIONS).draw(name, shape)

    model = builder("generate", words_maximum_generation=maximum)
    model.generate(CAPTIONS, Recorded())
    thinning = set() if maximum is None else {"words"}  # which words stay: no latent of the model
    assert names == set(model.capabilities.latents) | thinning


@pytest.mark.parametrize("builder", [attngan, dmgan, stackgan])
def test_discriminators_can_rest(builder: Builder) -> None:
    model = builder(discriminator_every=2)
    names = [
        [update.optimizer for update in model.updates(batch(model, step), Noise(0).bind_step(step, 4))]
        for step in (0, 1, 2)
    ]
    assert [len(step) for step in names] == [3, 1, 3]
    assert all(step[-1] == "generator" for step in names)


@pytest.mark.parametrize("builder", [attngan, dmgan, stackgan])
def test_cards_and_requests(builder: Builder) -> None:
    model = builder()
    card = type(model).card()
    assert card.title and card.paper and card.licence == "MIT"
    assert type(model).requirements(model.parameters) == ("damsm",)
    assert model.data_request().batch_size == 4
    assert model.ema() == {"generator": 0.999}
    assert len(model.curriculum()) == 1


def test_learning_rates_of_the_two_sides_differ_where_asked() -> None:
    model = attngan(generator_learning_rate=1e-4, discriminator_learning_rate=4e-4)
    rates = {name: optimizer.param_groups[0]["lr"] for name, optimizer in model.optimizers().items()}
    assert rates == {"generator": 1e-4, "discriminator/16": 4e-4, "discriminator/32": 4e-4}


def test_the_image_encoder_is_used_only_where_it_counts() -> None:
    assert set(attngan().frozen_networks()) == {"text_encoder", "image_encoder"}
    assert set(attngan(damsm_weight=0.0).frozen_networks()) == {"text_encoder"}
    assert set(stackgan().frozen_networks()) == {"text_encoder"}


def test_the_wrong_images_must_be_there() -> None:
    model = stackgan()
    assert model.data_request().wrong_images
    with pytest.raises(ValueError, match="wrong images"):
        list(model.updates(batch(attngan()), Noise(0).bind_step(0, 4)))


def test_defaults_are_the_papers() -> None:
    from t2ibench_baselines.attngan.parameters import AttnGANParameters
    from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters

    assert AttnGANParameters().resolutions == (64, 128, 256)
    assert AttnGANParameters(dcgan=True).image_resolutions == (256,)
    assert StackGANv2Parameters().resolutions == (64, 128, 256)
    assert AttnGANParameters().r1_weight_at(0) == 0
