"""StackGAN's two stages: who learns when, on what, from which losses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy

from t2ibench.core.interfaces import HasSchedule, TextToImage, Trainable
from t2ibench.core.noise import Noise
from t2ibench.core.official import ImportsOfficial
from t2ibench.core.types import Trace, TrainBatch
from t2ibench.training.engine.engine import Engine
from t2ibench_baselines._stackgan.conditioning import ConditioningAugmentation
from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters
from t2ibench_baselines._stackgan.discriminators.losses import discriminator_loss, generator_loss
from t2ibench_baselines.stackgan_v1 import StackGANv1
from t2ibench_baselines.stackgan_v1.discriminator import Discriminator
from t2ibench_baselines.stackgan_v1.generator import StageOne, StageTwo
from t2ibench_baselines.stackgan_v1.layers import ResidualBlock
from tests.unit.baselines.builders import CAPTIONS, TINY, context, noise_of

SMALL: dict[str, Any] = {key: value for key, value in TINY.items() if key != "branches"} | {"generator_features": 16}
GAME = AdversarialParameters()
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def stackgan(purpose: str = "train", **given: Any) -> StackGANv1:
    return StackGANv1.build(StackGANv1.Parameters(**{**SMALL, **given}), context(purpose))


def batch(model: StackGANv1, stage: int, step: int = 0) -> TrainBatch:
    phase = model.curriculum()[stage]
    assert phase.request is not None
    generator = torch.Generator().manual_seed(step)
    images = {
        resolution: torch.rand(4, 3, resolution, resolution, generator=generator) * 2 - 1
        for resolution in phase.request.resolutions
    }
    return TrainBatch(step, phase.name, CAPTIONS, images, torch.arange(4))


def state(network: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}


def changed(network: nn.Module, before: dict[str, Tensor]) -> set[str]:
    return {key for key, value in network.state_dict().items() if not torch.equal(value, before[key])}


def test_the_protocols_and_the_papers_defaults() -> None:
    model = stackgan()
    assert isinstance(model, TextToImage) and isinstance(model, Trainable) and isinstance(model, HasSchedule)
    assert isinstance(StackGANv1, ImportsOfficial)
    paper = StackGANv1.Parameters()
    assert paper.resolutions == (64, 256) and paper.batch_sizes == (64, 64) and paper.ema_decay == 0
    assert StackGANv1.requirements(paper) == ("damsm",)
    assert StackGANv1.requirements(StackGANv1.Parameters(text="char-cnn-rnn")) == ("char_cnn_rnn",)
    assert StackGANv1.card().licence == "MIT" and "ICCV 2017" in StackGANv1.card().paper


def test_each_stage_asks_for_its_own_batches() -> None:
    model = stackgan(batch_size=6, stage2_batch_size=4, stage1_share=0.25)
    phases = [(p.name, p.share, p.request.resolutions, p.request.batch_size) for p in model.curriculum() if p.request]
    assert phases == [("stage1", 0.25, (16,), 6), ("stage2", 0.75, (64,), 4)]
    assert model.data_request().resolutions == (16, 64)
    alone = stackgan(stages=1)
    assert [phase.share for phase in alone.curriculum()] == [1.0]
    assert set(alone.networks()) == {"generator", "discriminator/16"}


def test_the_first_stage_learns_first_and_is_then_only_looked_at() -> None:
    model = stackgan()
    assert isinstance(model.generator, StageTwo)
    engine = Engine(model, seed=0, device=CPU)
    before = {name: state(network) for name, network in model.networks().items()}
    engine.step(batch(model, 0), 0)
    moved = changed(model.generator, before["generator"])
    assert moved and all(key.startswith("STAGE1_G.") for key in moved)
    assert "STAGE1_G.ca_net.fc.weight" in moved and "STAGE1_G.img.0.weight" in moved
    assert changed(model.discriminators[16], before["discriminator/16"])
    assert not changed(model.discriminators[64], before["discriminator/64"])

    before = {name: state(network) for name, network in model.networks().items()}
    engine.step(batch(model, 1, 1), 1)
    moved = changed(model.generator, before["generator"])
    below = {key for key in moved if key.startswith("STAGE1_G.")}
    # The official code leaves the first stage in train mode: its statistics move, its weights do not.
    assert below == {key for key in before["generator"] if key.startswith("STAGE1_G.") and _is_statistic(key)}
    assert {"ca_net.fc.weight", "encoder.0.weight", "hr_joint.0.weight", "img.0.weight"} <= moved
    assert not changed(model.discriminators[16], before["discriminator/16"])
    assert changed(model.discriminators[64], before["discriminator/64"])
    states = engine.optimizer_states()
    assert all(states[name]["state"] for name in states) and set(states) == {
        f"{network}/{resolution}" for network in ("generator", "discriminator") for resolution in (16, 64)
    }


def _is_statistic(key: str) -> bool:
    return key.rsplit(".", 1)[1] in ("running_mean", "running_var", "num_batches_tracked")


def test_images_are_the_first_stages_until_the_second_has_begun() -> None:
    model = stackgan()
    engine = Engine(model, seed=0, device=CPU)
    engine.step(batch(model, 0), 0)
    trace = Trace()
    images = model.generate(CAPTIONS, noise_of(CAPTIONS), trace=trace)
    assert images.shape == (4, 3, 16, 16) and set(trace.stages) == {16}
    assert model.capabilities.stages == (16,) and model.capabilities.latents == ("z", "ca")
    engine.step(batch(model, 1, 1), 1)
    trace = Trace()
    larger = model.generate(CAPTIONS, noise_of(CAPTIONS), trace=trace)
    assert larger.shape == (4, 3, 64, 64) and tuple(trace.stages) == model.capabilities.stages == (16, 64)
    assert torch.equal(trace.stages[64], larger)
    # Weights alone tell it, also those of old files, which count no batches.
    weights = {key: value for key, value in model.generator.state_dict().items() if "num_batches" not in key}
    loaded = stackgan("generate")
    loaded.generator.load_state_dict(weights, strict=False)
    for name, network in loaded.exported().items():
        network.load_state_dict(model.exported()[name].state_dict() if name != "generator" else network.state_dict())
    assert loaded.capabilities.resolution == 64 and set(loaded.networks()) == {"generator"}
    torch.testing.assert_close(loaded.generate(CAPTIONS, noise_of(CAPTIONS)), larger, atol=1e-5, rtol=0)


def test_learning_rates_are_halved_by_the_epochs_of_a_stage() -> None:
    model = stackgan(halving_epochs=20, generator_learning_rate=4e-4)
    names = {"generator/16": 4e-4, "generator/64": 4e-4, "discriminator/16": 2e-4, "discriminator/64": 2e-4}
    for step, factor in ((0, 1), (199, 1), (200, 0.5), (399, 0.5), (400, 0.25)):
        assert model.learning_rates(step, 10) == {name: rate * factor for name, rate in names.items()}
    assert stackgan(halving_epochs=0).learning_rates(10**9, 1)["generator/16"] == 2e-4
    groups = {name: optimizer.param_groups[0] for name, optimizer in model.optimizers().items()}
    assert {name: group["lr"] for name, group in groups.items()} == names
    assert all(group["betas"] == (0.5, 0.999) for group in groups.values())


class KnownDiscriminator(nn.Module):
    """Logits that are known: of the match by the image's level, of being real by its level plus a half."""

    def __init__(self, *, unconditional: bool) -> None:
        super().__init__()
        self._unconditional = unconditional

    def forward(self, images: Tensor, condition: Tensor) -> tuple[Tensor, Tensor | None]:
        features = self.features(images)
        return self.match(features, condition), self.unconditional(features)

    def features(self, images: Tensor) -> Tensor:
        return images.mean(dim=(1, 2, 3))

    def match(self, features: Tensor, condition: Tensor) -> Tensor:
        return features + condition[:, 0]

    def unconditional(self, features: Tensor) -> Tensor | None:
        return features + 0.5 if self._unconditional else None


def entropy(logits: list[float], target: float) -> float:
    probabilities = torch.tensor(logits).sigmoid()
    return binary_cross_entropy(probabilities, torch.full_like(probabilities, target)).item()


@pytest.mark.parametrize("unconditional", [False, True])
def test_losses_are_those_of_the_official_code(unconditional: bool) -> None:
    discriminator = KnownDiscriminator(unconditional=unconditional)
    real, fake = torch.full((3, 3, 2, 2), 0.25), torch.full((3, 3, 2, 2), -0.75)
    condition = torch.tensor([[0.1], [0.2], [-0.4]])
    loss, _ = discriminator_loss(discriminator, real, fake, condition, GAME)
    match_real = entropy([0.35, 0.45, -0.15], 1)
    match_fake, match_wrong = entropy([-0.65, -0.55, -1.15], 0), entropy([0.45, -0.15], 0)
    expected = match_real + (match_fake + match_wrong) / 2
    if unconditional:
        expected = (match_real + entropy([0.75], 1)) / 2 + (match_fake + match_wrong + entropy([-0.25], 0)) / 3
    assert loss.item() == pytest.approx(expected, rel=1e-5)
    loss, _ = generator_loss(discriminator, fake, condition, GAME)
    expected = entropy([-0.65, -0.55, -1.15], 1) + (entropy([-0.25], 1) if unconditional else 0)
    assert loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("unconditional", [False, True])
def test_an_undecided_discriminator_pays_two_ln_two(unconditional: bool) -> None:
    discriminator = Discriminator(16, 4, 6, unconditional=unconditional)
    for name, parameter in discriminator.named_parameters():
        if name.endswith(("outlogits.3.weight", "outlogits.3.bias", "uncond_logits.outlogits.0.weight")):
            nn.init.zeros_(parameter)
        if name.endswith("uncond_logits.outlogits.0.bias"):
            nn.init.zeros_(parameter)
    images = torch.rand(3, 3, 16, 16)
    loss, parts = discriminator_loss(discriminator, images, images - 1, torch.rand(3, 6), GAME)
    assert loss.item() == pytest.approx(2 * math.log(2))
    assert ("real" in parts) == unconditional
    assert generator_loss(discriminator, images, torch.rand(3, 6), GAME)[0].item() == pytest.approx(
        (1 + unconditional) * math.log(2)
    )


@pytest.mark.parametrize("stage", [0, 1])
def test_no_gradient_reaches_the_condition_through_the_judge(stage: int) -> None:
    model = stackgan(kl_weight=0.0)

    class Blind(KnownDiscriminator):
        def features(self, images: Tensor) -> Tensor:
            return 0 * images.mean(dim=(1, 2, 3))

    resolution = model.parameters.resolutions[stage]
    model.discriminators[resolution] = Blind(unconditional=False)  # type: ignore[assignment]
    model.generator.train()
    made = model.updates(batch(model, stage), Noise(0).bind_step(0, 4))
    update = next(one for one in made if one.optimizer.startswith("generator"))
    part = model.generator.STAGE1_G if stage == 0 else model.generator
    (gradient,) = torch.autograd.grad(update.loss, [part.ca_net.fc.weight])
    assert gradient.abs().max() == 0


def test_the_divergence_is_weighed() -> None:
    losses = {}
    for weight in (0.0, 2.0):
        torch.manual_seed(0)
        model = stackgan(kl_weight=weight)
        update = list(model.updates(batch(model, 0), Noise(0).bind_step(0, 4)))[-1]
        losses[weight] = (update.loss.item(), update.parts["kl_divergence"].item())
    assert losses[2.0][0] - losses[0.0][0] == pytest.approx(2 * losses[0.0][1], rel=1e-2)


def test_conditions_have_no_negative_mean_nor_log_variance() -> None:
    made = ConditioningAugmentation(5, 3, rectified=True)(torch.randn(50, 5), torch.zeros(50, 3))
    assert made.mean.min() == 0 and made.log_variance.min() == 0 and made.mean.max() > 0
    assert torch.equal(made.code, made.mean)
    assert ConditioningAugmentation(5, 3, rectified=True)(torch.randn(2, 5), torch.ones(2, 3)).code.min() >= 1


def test_a_residual_sum_is_rectified() -> None:
    assert ResidualBlock(3)(-torch.rand(2, 3, 4, 4) * 9).min() == 0


def test_the_latent_comes_first_and_the_features_before_the_condition() -> None:
    parameters = StackGANv1.Parameters(generator_features=8, base_resolution=16, latent=3, condition=5)
    first = StageOne(parameters, 4).eval()
    latent, noise = torch.randn(2, 3), torch.randn(2, 5)
    with torch.no_grad():
        first.fc[0].weight[:, 3:] = 0  # type: ignore[index]
        same = [first(latent, noise, sentence).images for sentence in (torch.zeros(2, 4), torch.randn(2, 4))]
        assert torch.equal(*same)
    second = StageTwo(parameters, 4).eval()
    with torch.no_grad():
        second.hr_joint[0].weight[:, 32:] = 0  # type: ignore[index]
        same = [second(latent, noise, other, torch.ones(2, 4)).images for other in (noise, noise + 1)]
        assert torch.equal(*same)
    discriminator = Discriminator(16, 4, 5, unconditional=False).eval()
    with torch.no_grad():
        discriminator.get_cond_logits.outlogits[0].weight[:, 8:] = 0  # type: ignore[index]
        same = [discriminator(torch.ones(2, 3, 16, 16), condition)[0] for condition in (noise, noise + 1)]
        assert torch.equal(*same)
