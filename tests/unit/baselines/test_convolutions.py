"""The convolutions that do less work give what torch's give, gradients too; in float64, to show the form."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from t2ibench_baselines._stackgan import convolutions
from t2ibench_baselines._stackgan.blocks import ResidualBlock, upsampling
from t2ibench_baselines._stackgan.convolutions import Convolution, DoublingConvolution

LAYOUTS = [torch.contiguous_format, torch.channels_last]


def agree(ours, plain, parameters, x):
    """Outputs and gradients of two functions of the input and the parameters are equal, for one random cotangent."""
    found = []
    for call in (ours, plain):
        own = x.clone().requires_grad_()
        made = call(own)
        cotangent = torch.randn(made.shape, generator=torch.Generator().manual_seed(1), dtype=made.dtype)
        found.append([made, *torch.autograd.grad(made, [own, *parameters], cotangent)])
    for value, expected in zip(*found, strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("resolution", [4, 16, 18])
def test_doubling(layout, resolution):
    torch.manual_seed(0)
    module = DoublingConvolution(3, 5).double().to(memory_format=layout)

    def plain(x):
        return functional.conv2d(functional.interpolate(x, scale_factor=2, mode="nearest"), module.weight, padding=1)

    agree(module, plain, list(module.parameters()), torch.randn(2, 3, resolution, resolution + 2, dtype=torch.float64))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("kernel", "stride"), [(4, 2), (3, 1)])
def test_a_matrix_product_is_the_convolution(monkeypatch, kernel, stride, bias):
    torch.manual_seed(0)
    monkeypatch.setattr(convolutions, "_OUTWEIGHS", 0)
    module = Convolution(6, 5, kernel_size=kernel, stride=stride, padding=1, bias=bias)
    module.double().to(memory_format=torch.channels_last)

    def plain(x):
        return functional.conv2d(x, module.weight, module.bias, stride=stride, padding=1)

    agree(module, plain, list(module.parameters()), torch.randn(2, 6, 8, 6, dtype=torch.float64))
    made = module(torch.randn(2, 6, 8, 6, dtype=torch.float64))
    assert made.is_contiguous(memory_format=torch.channels_last)  # as the layers around it want it


def test_a_block_of_what_is_joined_with_itself():
    torch.manual_seed(0)
    block = ResidualBlock(8).double().to(memory_format=torch.channels_last)
    parameters = list(block.parameters())
    agree(
        block.doubled,
        lambda x: block(torch.cat((x, x), dim=1)),
        parameters,
        torch.randn(2, 4, 6, 6, dtype=torch.float64),
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_decides(monkeypatch, layout):
    """In torch's standard layout everything is computed as in the official code."""
    called = []
    for name in ("conv_transpose2d", "linear"):
        original = getattr(functional, name)
        monkeypatch.setattr(
            functional,
            name,
            lambda *given, name=name, original=original, **options: called.append(name) or original(*given, **options),
        )
    DoublingConvolution(3, 5).to(memory_format=layout)(torch.zeros(1, 3, 16, 16))
    Convolution(64, 64, kernel_size=3, padding=1).to(memory_format=layout)(torch.zeros(1, 64, 4, 4))
    assert called == (["conv_transpose2d", "linear"] if layout is torch.channels_last else [])


def test_state_dicts_are_those_of_plain_layers():
    plain = nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6), nn.GLU(1))
    upsampling(4, 3).load_state_dict(plain.state_dict())
