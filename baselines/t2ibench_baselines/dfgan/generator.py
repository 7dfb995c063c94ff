"""DF-GAN's generator. Attribute names are those of the official state dicts."""

from __future__ import annotations

import itertools
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_baselines.dfgan.parameters import DFGANParameters

SLOPE = 0.2
"""Of every leaky ReLU of the model."""

_WIDEST = 8


def widths(parameters: DFGANParameters) -> tuple[int, ...]:
    """Return the channels at sides `resolution`, `resolution`/2 ... 4: features * 1, 2, 4, 8, 8, 8 ..."""
    p = parameters
    return tuple(p.features * min(1 << level, _WIDEST) for level in range(p.resolution.bit_length() - 2))


def _perceptron(condition: int, channels: int, start: float) -> nn.Sequential:
    """Return a two-layer perceptron, N x condition to N x channels, that begins as the constant `start`."""
    last = nn.Linear(channels, channels)
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, start)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["linear1"] = nn.Linear(condition, channels)
    layers["relu1"] = nn.ReLU()
    layers["linear2"] = last
    return nn.Sequential(layers)


class Affine(nn.Module):
    """A scale and a shift a channel, both told by the condition (DF-GAN, DFBlock); the identity at first."""

    def __init__(self, condition: int, channels: int) -> None:
        super().__init__()
        self.fc_gamma = _perceptron(condition, channels, 1.0)
        self.fc_beta = _perceptron(condition, channels, 0.0)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Return features of the same shape, N x c x h x w, for conditions N x d."""
        scale: Tensor = self.fc_gamma(condition)
        shift: Tensor = self.fc_beta(condition)
        return scale[:, :, None, None] * features + shift[:, :, None, None]


class DeepFusion(nn.Module):
    """Affine, leaky ReLU, twice (the paper's DFBlock without its convolution)."""

    def __init__(self, condition: int, channels: int) -> None:
        super().__init__()
        self.affine0 = Affine(condition, channels)
        self.affine1 = Affine(condition, channels)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Return features of the same shape, N x c x h x w, for conditions N x d."""
        features = functional.leaky_relu(self.affine0(features, condition), SLOPE)
        return functional.leaky_relu(self.affine1(features, condition), SLOPE)


class UpBlock(nn.Module):
    """Features to features of twice the resolution (the paper's UPBlock): nearest neighbours, then text."""

    def __init__(self, condition: int, before: int, after: int) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(before, after, kernel_size=3, padding=1)
        self.c2 = nn.Conv2d(after, after, kernel_size=3, padding=1)
        self.fuse1 = DeepFusion(condition, before)
        self.fuse2 = DeepFusion(condition, after)
        if before != after:
            self.c_sc = nn.Conv2d(before, after, kernel_size=1)
        self._narrows = before != after

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Return features, N x after x 2h x 2w, of features N x before x h x w and conditions N x d."""
        features = functional.interpolate(features, scale_factor=2, mode="nearest")
        shortcut: Tensor = self.c_sc(features) if self._narrows else features
        residual: Tensor = self.c2(self.fuse2(self.c1(self.fuse1(features, condition)), condition))
        return shortcut + residual


class Generator(nn.Module):
    """Latent and sentence to an image in one stage (DF-GAN, model overview). There is no normalisation layer.

    Every block sees the latent beside the sentence, latent first.
    """

    def __init__(self, parameters: DFGANParameters, text_dimension: int) -> None:
        super().__init__()
        channels = widths(parameters)[::-1]  # from side 4 upwards
        self._start = channels[0]
        condition = parameters.latent + text_dimension
        self.fc = nn.Linear(parameters.latent, self._start * 4 * 4)
        self.GBlocks = nn.ModuleList(
            UpBlock(condition, before, after) for before, after in itertools.pairwise(channels)
        )
        self.to_rgb = nn.Sequential(
            nn.LeakyReLU(SLOPE), nn.Conv2d(channels[-1], 3, kernel_size=3, padding=1), nn.Tanh()
        )

    def forward(self, latent: Tensor, sentence: Tensor) -> Tensor:
        """Return images N x 3 x resolution x resolution in [-1, 1].

        Args:
            latent: N x z, standard normal.
            sentence: N x D sentence codes.
        """
        condition = torch.cat((latent, sentence), dim=1)  # N x (z + D)
        features: Tensor = self.fc(latent).view(-1, self._start, 4, 4)
        for block in self.GBlocks:
            features = block(features, condition)
        images: Tensor = self.to_rgb(features)
        return images
