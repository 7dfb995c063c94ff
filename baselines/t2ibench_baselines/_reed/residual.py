"""The bottleneck that generator and discriminator share."""

from __future__ import annotations

from torch import Tensor, nn

SLOPE = 0.2
"""Of every leaky ReLU of the model."""


class Bottleneck(nn.Module):
    """Maps plus a residual of them, then an activation: 1x1 and 3x3 to fewer channels, 3x3 back."""

    def __init__(self, channels: int, narrow: int, activation: type[nn.ReLU] | type[nn.LeakyReLU]) -> None:
        super().__init__()

        def active() -> nn.Module:
            return nn.LeakyReLU(SLOPE) if activation is nn.LeakyReLU else nn.ReLU()

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
