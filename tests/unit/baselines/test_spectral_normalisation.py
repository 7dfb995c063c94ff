"""Spectral normalisation: singular values, gradients, and a state that every use moves."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from t2ibench_baselines._stackgan.discriminators.adversarial import gradient_penalty
from t2ibench_baselines._stackgan.discriminators.spectral_normalisation import NormalisedWeights, SpectralConvolution
from t2ibench_baselines.dmgan.discriminator import Discriminator


def weights(before: int = 3, after: int = 5, kernel: int = 3) -> NormalisedWeights:
    torch.manual_seed(0)
    return NormalisedWeights(before, after, kernel)


def test_converges_to_the_largest_singular_value() -> None:
    normalised = weights()
    with torch.no_grad():  # singular values 3, 2, 1, 0.5, 0.1
        left, _, right = torch.linalg.svd(torch.randn(5, 27), full_matrices=False)
        flat = left @ torch.diag(torch.tensor([3.0, 2.0, 1.0, 0.5, 0.1])) @ right
        normalised.weight_bar.copy_(flat.view(5, 3, 3, 3))
        for _ in range(60):
            made = normalised()
    torch.testing.assert_close(made * 3, normalised.weight_bar)
    assert float(torch.linalg.matrix_norm(made.flatten(1), 2)) == pytest.approx(1, rel=1e-5)
    assert abs(float(normalised.weight_u @ left[:, 0])) == pytest.approx(1, abs=1e-4)
    assert abs(float(normalised.weight_v @ right[0])) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("training", [True, False])
def test_every_use_is_one_power_iteration(training: bool) -> None:
    normalised = weights().train(training)
    flat = normalised.weight_bar.detach().flatten(1).double()
    u = normalised.weight_u.double()
    normalised.weight_v.fill_(float("nan"))  # its stored value is not read
    for _ in range(2):
        made = normalised()
        v = functional.normalize(flat.T @ u, dim=0)
        u = functional.normalize(flat @ v, dim=0)
        sigma = u @ flat @ v
        torch.testing.assert_close(made.flatten(1).double(), flat / sigma, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(normalised.weight_u.double(), u, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(normalised.weight_v.double(), v, rtol=1e-5, atol=1e-6)


def test_the_gradient_is_that_of_its_own_use() -> None:
    factor = torch.randn(5, 3, 3, 3)
    gradients = []
    for uses in (1, 3):
        normalised = weights()
        first = normalised()
        u, v = normalised.weight_u.clone(), normalised.weight_v.clone()
        for _ in range(uses - 1):
            normalised()
        (first * factor).sum().backward()
        assert normalised.weight_bar.grad is not None
        gradients.append(normalised.weight_bar.grad)
    assert torch.equal(*gradients)
    # d<F, W/s>/dW = F/s - <F, W> u v^T / s^2 with u and v held.
    flat, given = normalised.weight_bar.detach().flatten(1), factor.flatten(1)
    sigma = u @ flat @ v
    expected = given / sigma - (given * flat).sum() * torch.outer(u, v) / sigma**2
    torch.testing.assert_close(gradients[0].flatten(1), expected, rtol=1e-4, atol=1e-5)


def test_vectors_are_saved_but_not_learned() -> None:
    layer = SpectralConvolution(3, 5, kernel=4, stride=2)
    names = ["module.bias", "module.weight_bar", "module.weight_u", "module.weight_v"]
    assert sorted(layer.state_dict()) == names
    assert {name for name, _ in layer.named_parameters()} == set(names[:2])
    images = torch.randn(2, 3, 8, 8)
    made = layer(images)
    assert made.shape == (2, 5, 4, 4)
    weight = layer.module.weight_bar / (
        layer.module.weight_u @ layer.module.weight_bar.flatten(1) @ layer.module.weight_v
    )
    torch.testing.assert_close(made, functional.conv2d(images, weight, layer.module.bias, stride=2, padding=1))


def test_it_stays_in_single_precision_under_autocast() -> None:
    one, other = weights(), weights()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = one()
    assert made.dtype == torch.float32
    torch.testing.assert_close(made, other())
    torch.testing.assert_close(one.weight_u, other.weight_u)


def test_the_gradient_penalty_passes_through() -> None:
    torch.manual_seed(0)
    discriminator = Discriminator(16, 4, 6)
    images = torch.randn(3, 3, 16, 16, requires_grad=True)
    match, real = discriminator(images, torch.randn(3, 6))
    assert real is not None
    gradient_penalty(match + real, images).backward()
    for name, parameter in discriminator.named_parameters():
        if name.endswith(("weight", "weight_bar")):
            assert parameter.grad is not None and torch.isfinite(parameter.grad).all() and parameter.grad.any(), name


def test_the_trunk_has_no_batch_normalisation_and_plain_logits() -> None:
    with torch.device("meta"):
        discriminator = Discriminator(128, 4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in discriminator.modules())
    spectral = [name for name, module in discriminator.named_modules() if isinstance(module, SpectralConvolution)]
    assert spectral == [
        *(f"img_code_s16.{index}" for index in (0, 2, 4, 6)),
        "img_code_s32.0",
        "img_code_s32_1.0",
        "COND_DNET.jointConv.0",
    ]
    assert isinstance(discriminator.COND_DNET.outlogits[0], torch.nn.Conv2d)
