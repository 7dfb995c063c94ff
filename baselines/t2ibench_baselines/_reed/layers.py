"""The layers that generators and discriminators share: doubling, halving, a bottleneck."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

SLOPE = 0.2
"""Of every leaky ReLU of the model."""

leaky = partial(nn.LeakyReLU, SLOPE)


def doubling(before: int, after: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution that doubles the resolution."""
    return nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1, bias=False)


def halving(before: int, after: int) -> nn.Conv2d:
    """Return a convolution that halves the resolution."""
    return nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1, bias=False)


class Bottleneck(nn.Module):
    """Maps plus a residual of them, then an activation: 1x1 and 3x3 to fewer channels, 3x3 back."""

    def __init__(self, channels: int, narrow: int, active: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            nn.Conv2d(channels, narrow, kernel_size=1, bias=False),
            nn.BatchNorm2d(narrow),
            active(),
            nn.Conv2d(narrow, narrow, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(narrow),
            active(),
            nn.Conv2d(narrow, channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.activation = active()

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape, N x c x h x w."""
        active: Tensor = self.activation(maps + self.residual(maps))
        return active
