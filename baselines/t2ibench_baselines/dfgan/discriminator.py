"""DF-GAN's discriminator and its one-way head. Attribute names are those of the official state dicts."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_baselines.dfgan.generator import SLOPE, widths
from t2ibench_baselines.dfgan.parameters import DFGANParameters


class DownBlock(nn.Module):
    """Features to features of half the resolution: a shortcut plus `gamma` times a residual; `gamma` starts at 0.

    The official code makes the shortcut's convolution even where the channels stay and it is not used. Its weights are
    kept here too, for the sake of the state dict, and do not learn.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))
        self.conv_r = nn.Sequential(
            nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1, bias=False),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(after, after, kernel_size=3, padding=1, bias=False),
            nn.LeakyReLU(SLOPE),
        )
        self.conv_s = nn.Conv2d(before, after, kernel_size=1)
        self._widens = before != after
        if not self._widens:
            self.conv_s.requires_grad_(False)

    def forward(self, features: Tensor) -> Tensor:
        """Return features, N x after x h/2 x w/2, of features N x before x h x w."""
        shortcut = self.conv_s(features) if self._widens else features
        residual: Tensor = self.conv_r(features)
        return functional.avg_pool2d(shortcut, kernel_size=2) + self.gamma * residual


class Discriminator(nn.Module):
    """Images to features of side 4; it sees no text (DF-GAN, model overview)."""

    def __init__(self, parameters: DFGANParameters) -> None:
        super().__init__()
        channels = widths(parameters)
        self.conv_img = nn.Conv2d(3, channels[0], kernel_size=3, padding=1)
        self.DBlocks = nn.ModuleList(DownBlock(before, after) for before, after in itertools.pairwise(channels))

    def forward(self, images: Tensor) -> Tensor:
        """Return features, N x c x 4 x 4, of images N x 3 x resolution x resolution in [-1, 1]."""
        features: Tensor = self.conv_img(images)
        for block in self.DBlocks:
            features = block(features)
        return features


class ConditionalPredictor(nn.Module):
    """Features and sentence to one score for "real and matching" (DF-GAN, one-way output)."""

    def __init__(self, parameters: DFGANParameters, text_dimension: int) -> None:
        super().__init__()
        channels, features = widths(parameters)[-1], parameters.features
        self.joint_conv = nn.Sequential(
            nn.Conv2d(channels + text_dimension, 2 * features, kernel_size=3, padding=1, bias=False),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(2 * features, 1, kernel_size=4, bias=False),
        )

    def forward(self, features: Tensor, sentence: Tensor) -> Tensor:
        """Return scores N of features N x c x 4 x 4 and sentence codes N x D. The scores are unbounded."""
        tiled = sentence[:, :, None, None].expand(-1, -1, *features.shape[2:])
        scores: Tensor = self.joint_conv(torch.cat((features, tiled), dim=1))  # N x 1 x 1 x 1
        return scores.flatten()
