from __future__ import annotations

import math

import pytest
import torch
from pydantic import ValidationError

from t2ibench_baselines._stackgan.conditioning import Condition, kl_divergence
from t2ibench_baselines._stackgan.discriminators import losses as discriminator_losses
from t2ibench_baselines._stackgan.discriminators.adversarial import AdversarialParameters, gradient_penalty
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines.stackgan_v2 import losses as stackgan_losses
from t2ibench_baselines.stackgan_v2.discriminator import Discriminator as StackGANDiscriminator
from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters

GAME = AdversarialParameters()
REAL, FAKE, WRONG = (torch.full((3, 3, 16, 16), value) for value in (0.5, -0.5, 0.1))
SENTENCE = torch.ones(3, 6)


def undecided(discriminator: torch.nn.Module) -> None:
    """Make every logit 0, every probability a half."""
    for name, parameter in discriminator.named_parameters():
        if "logits" in name:
            torch.nn.init.zeros_(parameter)


@pytest.mark.parametrize("unconditional", [True, False])
def test_an_undecided_attngan_discriminator_pays_two_ln_two(unconditional: bool) -> None:
    discriminator = SentenceDiscriminator(16, 4, 6, unconditional=unconditional)
    undecided(discriminator)
    loss, parts = discriminator_losses.discriminator_loss(discriminator, REAL, FAKE, SENTENCE, GAME)
    assert loss.item() == pytest.approx(2 * math.log(2))
    assert set(parts) == {"real_match", "fake_match", "wrong_match"} | ({"real", "fake"} if unconditional else set())
    loss, _ = discriminator_losses.generator_loss(discriminator, FAKE, SENTENCE, GAME)
    assert loss.item() == pytest.approx((1 + unconditional) * math.log(2))


@pytest.mark.parametrize(("weight", "terms"), [(1.0, 6), (0.5, 4.5), (0.0, 2)])
def test_an_undecided_stackgan_discriminator_pays_ln_two_a_term(weight: float, terms: float) -> None:
    discriminator = StackGANDiscriminator(16, 4, 6)
    undecided(discriminator)
    game = StackGANv2Parameters(unconditional_weight=weight)
    loss, _ = stackgan_losses.discriminator_loss(discriminator, REAL, WRONG, FAKE, SENTENCE, game)
    assert loss.item() == pytest.approx(terms * math.log(2))
    loss, _ = discriminator_losses.generator_loss(discriminator, FAKE, SENTENCE, game, unconditional_weight=weight)
    assert loss.item() == pytest.approx((1 + weight) * math.log(2))


def test_scores_of_logits() -> None:
    logits = torch.tensor([-2.0, 0.0, 3.0])
    probability = logits.sigmoid()
    assert GAME.real_loss(logits).item() == pytest.approx(-probability.log().mean().item(), rel=1e-5)
    assert GAME.fake_loss(logits).item() == pytest.approx(-(1 - probability).log().mean().item(), rel=1e-5)
    assert GAME.generator_loss(logits).item() == pytest.approx(GAME.real_loss(logits).item(), rel=1e-6)
    smooth = AdversarialParameters(label_smoothing=0.1)
    mixed = 0.9 * GAME.real_loss(logits) + 0.1 * GAME.fake_loss(logits)
    assert smooth.real_loss(logits).item() == pytest.approx(mixed.item(), rel=1e-5)
    assert smooth.generator_loss(logits).item() == GAME.generator_loss(logits).item()
    hinge = AdversarialParameters(score="hinge")
    assert hinge.real_loss(logits).item() == pytest.approx((3 + 1 + 0) / 3)
    assert hinge.fake_loss(logits).item() == pytest.approx((0 + 1 + 4) / 3)
    assert hinge.generator_loss(logits).item() == pytest.approx(-1 / 3)


def test_extreme_logits_stay_finite() -> None:
    logits = torch.tensor([-500.0, 500.0], requires_grad=True)
    (GAME.real_loss(logits) + GAME.fake_loss(logits)).backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()


def test_divergence_is_a_mean() -> None:
    zeros = torch.zeros(4, 7)
    assert kl_divergence(Condition(zeros, zeros, zeros)).item() == 0
    ones = torch.ones(4, 7)
    assert kl_divergence(Condition(ones, ones, zeros)).item() == pytest.approx(0.5)


def test_gradient_penalty_of_a_linear_judge() -> None:
    images = torch.randn(5, 3, 4, 4, requires_grad=True)
    weight = torch.randn(3, 4, 4, requires_grad=True)
    penalty = gradient_penalty((images * weight).sum(dim=(1, 2, 3)), images)
    assert penalty.item() == pytest.approx(0.5 * weight.square().sum().item(), rel=1e-5)
    penalty.backward()
    torch.testing.assert_close(weight.grad, weight.detach())


def test_schedules_of_the_regularisers() -> None:
    game = AdversarialParameters(
        r1_weight=2, r1_every=3, discriminator_every=2, instance_noise=0.4, instance_noise_steps=4
    )
    learning = [step for step in range(13) if game.discriminators_learn(step)]
    assert learning == [0, 2, 4, 6, 8, 10, 12]
    assert [game.r1_weight_at(step) for step in learning] == [6, 0, 0, 6, 0, 0, 6]
    assert [game.noise_scale(step) for step in (0, 1, 2, 4, 9)] == pytest.approx([0.4, 0.3, 0.2, 0, 0])
    assert AdversarialParameters(instance_noise=0.2).noise_scale(10**6) == 0.2


def test_colours_of_a_finer_image_are_pulled_to_the_coarser() -> None:
    coarse = torch.rand(2, 3, 4, 4, requires_grad=True)
    fine = torch.nn.functional.interpolate(coarse.detach(), scale_factor=2).requires_grad_()
    assert stackgan_losses.colour_consistency({4: coarse, 8: fine}).item() == pytest.approx(0, abs=1e-9)
    loss = stackgan_losses.colour_consistency({4: coarse, 8: fine * 0.5})
    loss.backward()
    assert loss.item() > 0
    assert coarse.grad is None and fine.grad is not None


def test_colour_statistics() -> None:
    images = torch.randn(2, 3, 5, 5)
    mean, covariance = stackgan_losses.colour_statistics(images)
    torch.testing.assert_close(mean, images.mean(dim=(2, 3)))
    torch.testing.assert_close(covariance[1], torch.cov(images[1].flatten(1), correction=0))


@pytest.mark.parametrize("given", [{"score": "w"}, {"label_smoothing": 0.5}, {"r1_every": 0}, {"lr": 1}])
def test_bad_parameters_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        AdversarialParameters.model_validate(given)
