"""Layers of both stages, with rectified linear units where the later models have gated ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.blocks import convolution
from t2ibench_baselines._stackgan.convolutions import Convolution, DoublingConvolution


def rectified(before: int, after: int) -> list[nn.Module]:
    """Return a 3x3 convolution, batch normalisation and a rectified linear unit: N x after x h x w."""
    return [convolution(before, after), nn.BatchNorm2d(after), nn.ReLU()]


def halving(before: int, after: int) -> list[nn.Module]:
    """Return a strided 4x4 convolution with batch normalisation and a rectified linear unit: half the resolution."""
    convolved = Convolution(before, after, kernel_size=4, stride=2, padding=1, bias=False)
    return [convolved, nn.BatchNorm2d(after), nn.ReLU()]


def upsampling(before: int, after: int) -> nn.Sequential:
    """Return a block that doubles the resolution by nearest neighbours, then convolves: N x after x 2h x 2w."""
    # The first place was the doubling's, which the convolution does now: state dicts number the modules.
    return nn.Sequential(nn.Identity(), DoublingConvolution(before, after), nn.BatchNorm2d(after), nn.ReLU())


def to_image(channels: int) -> nn.Sequential:
    """Return the map from features N x channels x h x w to images N x 3 x h x w in [-1, 1]."""
    return nn.Sequential(convolution(channels, 3), nn.Tanh())


class ResidualBlock(nn.Module):
    """A rectified sum of x and convolutions of x, N x c x h x w."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            *rectified(channels, channels), convolution(channels, channels), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output, of x's shape."""
        return torch.relu(x + self.block(x))
