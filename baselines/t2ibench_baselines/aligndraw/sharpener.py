"""The sharpener: an adversarial network that adds edges to alignDRAW's blurred images, after LAPGAN."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def blurred(values: Tensor) -> Tensor:
    """Return images N x C x H x W at half their side and back again: what the sharpener learns to undo."""
    resolution = values.shape[-1]
    small = F.interpolate(
        values, size=(resolution // 2, resolution // 2), mode="bilinear", antialias=True, align_corners=False
    )
    return F.interpolate(small, size=(resolution, resolution), mode="bilinear", align_corners=False)


def sharpening(channels: int, features: int) -> nn.Sequential:
    """Return convolutions 7, 7 and 5 wide of an image and two planes, N x (channels + 2) x H x W, to a residual."""
    return nn.Sequential(
        nn.Conv2d(channels + 2, features, 7, padding=3),
        nn.ReLU(inplace=True),
        nn.Conv2d(features, features, 7, padding=3),
        nn.ReLU(inplace=True),
        nn.Conv2d(features, channels, 5, padding=2),
    )


class Sharpener(nn.Module):
    """Adds to a blurred image what its caption and a plane of noise suggest: convolutions 7, 7 and 5 wide.

    There is no normalisation. The caption's code becomes a plane of its own. Source: the official code's inference; how
    it was trained was never published, see `SharpenedDRAW.updates`.

    Args:
        channels: C of the images.
        resolution: of the images.
        code: numbers of a caption's code; the paper takes 4800 of skip-thought.
        features: channels of the inner layers, 128 in the paper.
    """

    def __init__(self, channels: int, resolution: int, code: int, features: int) -> None:
        super().__init__()
        self.resolution = resolution
        self.text = nn.Linear(code, resolution * resolution)
        self.layers = sharpening(channels, features)

    def forward(self, values: Tensor, code: Tensor, noise: Tensor | None = None) -> Tensor:
        """Return sharp images N x C x H x W, which may leave [0, 1] a little.

        Args:
            values: blurred ones, in [0, 1].
            code: of the captions, N x d.
            noise: uniform in [-1, 1], N x 1 x H x W; None for its mean, 0, with which the paper makes its images.
        """
        plane = values.new_zeros(len(values), 1, self.resolution, self.resolution) if noise is None else noise
        text = self.text(code).relu().view(-1, 1, self.resolution, self.resolution)
        sharp: Tensor = values + self.layers(torch.cat((plane, text, values), dim=1))
        return sharp


class Discriminator(nn.Module):
    """Tells sharp images from sharpened ones, given the blurred image and the caption's code.

    Args:
        channels: C of the images.
        resolution: of the images.
        code: numbers of a caption's code.
        features: channels of the first layer.
    """

    def __init__(self, channels: int, resolution: int, code: int, features: int) -> None:
        super().__init__()
        self.resolution = resolution
        self.text = nn.Linear(code, resolution * resolution)
        layers: list[nn.Module] = []
        width, inputs = features, 2 * channels + 1
        while resolution > 4:
            layers += [nn.Conv2d(inputs, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
            inputs, width, resolution = width, 2 * width, resolution // 2
        self.layers = nn.Sequential(*layers)
        self.score = nn.Linear(inputs, 1)

    def forward(self, blurry: Tensor, sharp: Tensor, code: Tensor) -> Tensor:
        """Return logits N, high for real images."""
        text = self.text(code).relu().view(-1, 1, self.resolution, self.resolution)
        scores: Tensor = self.score(self.layers(torch.cat((blurry, sharp, text), dim=1)).mean(dim=(2, 3)))
        return scores[:, 0]
