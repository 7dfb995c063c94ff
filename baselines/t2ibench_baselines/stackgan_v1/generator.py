"""StackGAN's two generators. Attribute names are those of the official state dicts."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.conditioning import Condition, ConditioningAugmentation
from t2ibench_baselines._stackgan.discriminators.trunk import tiled
from t2ibench_baselines.stackgan_v1.layers import (
    ResidualBlock,
    halving,
    rectified,
    to_image,
    upsampling,
)
from t2ibench_baselines.stackgan_v1.parameters import StackGANv1Parameters


class Generated(NamedTuple):
    """What one pass of a stage makes.

    Attributes:
        images: N x 3 x resolution x resolution in [-1, 1].
        condition: the drawn condition and its Gaussian.
        below: the images of the stage before, which were looked at; None for the first.
    """

    images: Tensor
    condition: Condition
    below: Tensor | None = None


class StageOne(nn.Module):
    """Latent and sentence to a small image (StackGAN, section 3.3).

    A linear map to N x (features / 2 * side / 4) x 4 x 4, then blocks that double the resolution and halve the
    channels: at 64 pixels from 8 * features to features / 2, as in the paper.
    """

    def __init__(self, parameters: StackGANv1Parameters, text_dimension: int) -> None:
        super().__init__()
        p, channels = parameters, parameters.generator_features
        self._widest = channels // 2 * p.base_resolution // 4
        self._doublings = (p.base_resolution // 4).bit_length() - 1
        inside = self._widest * 4 * 4
        self.ca_net = ConditioningAugmentation(text_dimension, p.condition, rectified=True)
        first = nn.Linear(p.latent + p.condition, inside, bias=False)
        self.fc = nn.Sequential(first, nn.BatchNorm1d(inside), nn.ReLU())
        for number in range(1, self._doublings + 1):
            width = self._widest >> (number - 1)
            self.add_module(f"upsample{number}", upsampling(width, width // 2))
        self.img = to_image(channels // 2)

    def forward(self, latent: Tensor, noise: Tensor, sentence: Tensor) -> Generated:
        """Return the images and their condition.

        Args:
            latent: N x z, standard normal.
            noise: N x c, standard normal, for the conditioning augmentation.
            sentence: N x D sentence codes.
        """
        condition: Condition = self.ca_net(sentence, noise)
        x: Tensor = self.fc(torch.cat((latent, condition.code), dim=1))  # noise first
        x = x.view(-1, self._widest, 4, 4)
        for number in range(1, self._doublings + 1):
            x = self.get_submodule(f"upsample{number}")(x)
        return Generated(self.img(x), condition)


class StageTwo(nn.Module):
    """The first stage's image and the sentence to an image of four times its resolution (StackGAN, section 3.4).

    The first stage lies within. Its images carry no gradient, so its weights stay as they are; but it is in train
    mode where this network is, and its batch normalisation goes on collecting statistics, as in the official code.
    """

    def __init__(self, parameters: StackGANv1Parameters, text_dimension: int) -> None:
        super().__init__()
        p, channels = parameters, parameters.generator_features
        self.STAGE1_G = StageOne(p, text_dimension)
        self.ca_net = ConditioningAugmentation(text_dimension, p.condition, rectified=True)
        self.encoder = nn.Sequential(
            nn.Conv2d(3, channels, kernel_size=3, padding=1, bias=False),
            nn.ReLU(),
            *halving(channels, 2 * channels),
            *halving(2 * channels, 4 * channels),
        )
        self.hr_joint = nn.Sequential(*rectified(4 * channels + p.condition, 4 * channels))
        self.residual = nn.Sequential(*(ResidualBlock(4 * channels) for _ in range(p.residual_blocks)))
        widths = (4 * channels, 2 * channels, channels, channels // 2, channels // 4)
        for number in range(1, len(widths)):
            self.add_module(f"upsample{number}", upsampling(widths[number - 1], widths[number]))
        self._doublings = len(widths) - 1
        self.img = to_image(widths[-1])

    @property
    def begun(self) -> bool:
        """Whether this stage has learned at all: its batch normalisation has collected statistics."""
        return bool(self.hr_joint.get_submodule("1").running_mean.any())  # type: ignore[operator]

    def forward(self, latent: Tensor, noise_below: Tensor, noise: Tensor, sentence: Tensor) -> Generated:
        """Return the images, their condition and the first stage's images.

        Args:
            latent: N x z, standard normal; only the first stage looks at it.
            noise_below: N x c, standard normal, for the first stage's conditioning augmentation.
            noise: N x c, the same for this stage's.
            sentence: N x D sentence codes.
        """
        with torch.no_grad():
            below = self.STAGE1_G(latent, noise_below, sentence).images
        condition: Condition = self.ca_net(sentence, noise)
        x: Tensor = self.encoder(below)  # N x 4F x s/4 x s/4
        x = self.hr_joint(torch.cat((x, tiled(condition.code, x.shape[-1])), dim=1))  # features first
        x = self.residual(x)
        for number in range(1, self._doublings + 1):
            x = self.get_submodule(f"upsample{number}")(x)
        return Generated(self.img(x), condition, below)
