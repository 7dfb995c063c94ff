"""Building blocks of the generators. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_baselines._stackgan.convolutions import DoublingConvolution, lies_channels_last


class GatedLinearUnit(nn.Module):
    """The first half of the channels is the value, the second the gate: N x 2c x h x w to N x c x h x w."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the values times the sigmoids of the gates."""
        if not lies_channels_last(x):
            return functional.glu(x, dim=1)
        # torch's own would hand a gradient in the standard layout to the batch normalisation before it, which takes
        # that one eight times as long.
        value, gate = x.chunk(2, dim=1)
        return value * torch.sigmoid(gate)


def convolution(before: int, after: int) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the size, without bias."""
    return nn.Conv2d(before, after, kernel_size=3, stride=1, padding=1, bias=False)


def gated(before: int, after: int) -> nn.Sequential:
    """Return convolution, batch normalisation and gated linear unit: N x before x h x w to N x after x h x w."""
    return nn.Sequential(convolution(before, 2 * after), nn.BatchNorm2d(2 * after), GatedLinearUnit())


def upsampling(before: int, after: int) -> nn.Sequential:
    """Return a block that doubles the resolution by nearest neighbours, then convolves: N x after x 2h x 2w."""
    # The first place was the doubling's, which the convolution does now: state dicts number the modules.
    doubling = DoublingConvolution(before, 2 * after)
    return nn.Sequential(nn.Identity(), doubling, nn.BatchNorm2d(2 * after), GatedLinearUnit())


class ResidualBlock(nn.Module):
    """x + convolutions of x, N x c x h x w; nothing follows the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            *gated(channels, channels), convolution(channels, channels), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output, of x's shape."""
        increment: Tensor = self.block(x)
        return x + increment

    def doubled(self, x: Tensor) -> Tensor:
        """Return the output for x joined with itself, N x c x h x w for x of c/2 channels.

        Both halves of the first convolution's weights meet the same values, so that their sum does half the work.
        """
        first = self.block.get_submodule("0")
        assert isinstance(first, nn.Conv2d)
        if not lies_channels_last(first.weight):
            return self(torch.cat((x, x), dim=1))  # type: ignore[no-any-return]
        left, right = first.weight.chunk(2, dim=1)
        increments = self.block[1:](functional.conv2d(x, left + right, padding=1)).chunk(2, dim=1)
        return torch.cat([x + increment for increment in increments], dim=1)


def residual_blocks(channels: int, number: int) -> nn.Sequential:
    """Return `number` residual blocks in a row; none leaves its input as it is."""
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(number)))


class ImageHead(nn.Module):
    """Features to an image."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.img = nn.Sequential(convolution(channels, 3), nn.Tanh())

    def forward(self, features: Tensor) -> Tensor:
        """Return images N x 3 x h x w in [-1, 1] of features N x c x h x w."""
        images: Tensor = self.img(features)
        return images


class InitialStage(nn.Module):
    """Condition and latent to the first feature map.

    A linear map to N x (channels * side/4) x 4 x 4, then blocks that double the resolution and halve the channels until
    `resolution`. At side 64 these are the four blocks of the papers.
    """

    def __init__(self, inputs: int, channels: int, resolution: int) -> None:
        super().__init__()
        self._widest = channels * resolution // 4
        self.fc = nn.Sequential(
            nn.Linear(inputs, self._widest * 4 * 4 * 2, bias=False),
            nn.BatchNorm1d(self._widest * 4 * 4 * 2),
            nn.GLU(dim=1),
        )
        self._doublings = (resolution // 4).bit_length() - 1
        for number in range(1, self._doublings + 1):
            width = self._widest >> (number - 1)
            self.add_module(f"upsample{number}", upsampling(width, width // 2))

    def forward(self, x: Tensor) -> Tensor:
        """Return features, N x channels x resolution x resolution, of inputs N x d."""
        features: Tensor = self.fc(x).view(-1, self._widest, 4, 4)
        for number in range(1, self._doublings + 1):
            features = self.get_submodule(f"upsample{number}")(features)
        return features
