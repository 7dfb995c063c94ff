"""StackGAN-v2's generator. Attribute names are those of the official state dicts (without their "module." prefix)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.blocks import (
    ImageHead,
    InitialStage,
    gated,
    residual_blocks,
    upsampling,
)
from t2ibench_baselines._stackgan.conditioning import Condition, ConditioningAugmentation
from t2ibench_baselines._stackgan.discriminators.trunk import tiled


class Generated(NamedTuple):
    """What one pass of the generator makes.

    Attributes:
        images: resolution -> N x 3 x resolution x resolution in [-1, 1], ascending.
        condition: the drawn condition and its Gaussian.
    """

    images: dict[int, Tensor]
    condition: Condition


class JoiningStage(nn.Module):
    """Features and condition code to half as many features of twice the resolution (StackGAN++, section 4.1)."""

    def __init__(self, channels: int, condition: int, residuals: int) -> None:
        super().__init__()
        self.jointConv = gated(condition + channels, channels)
        self.residual = residual_blocks(channels, residuals)
        self.upsample = upsampling(channels, channels // 2)

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """Return features, N x c/2 x 2h x 2w, of features N x c x h x w and condition codes N x d."""
        joined = torch.cat((tiled(code, features.shape[-1]), features), dim=1)  # code first
        upsampled: Tensor = self.upsample(self.residual(self.jointConv(joined)))
        return upsampled


class Generator(nn.Module):
    """Latent and sentence to images of doubling resolutions; one drawn condition feeds all stages."""

    def __init__(
        self,
        *,
        channels: int = 64,
        branches: int = 3,
        base_resolution: int = 64,
        residuals: int = 2,
        latent: int = 100,
        condition: int = 128,
        text_dimension: int = 1024,
    ) -> None:
        super().__init__()
        self.resolutions = tuple(base_resolution << branch for branch in range(branches))
        self.ca_net = ConditioningAugmentation(text_dimension, condition)
        self.h_net1 = InitialStage(condition + latent, channels, base_resolution)
        self.img_net1 = ImageHead(channels)
        for number in range(2, branches + 1):
            self.add_module(f"h_net{number}", JoiningStage(channels >> (number - 2), condition, residuals))
            self.add_module(f"img_net{number}", ImageHead(channels >> (number - 1)))

    def forward(self, latent: Tensor, noise: Tensor, sentence: Tensor) -> Generated:
        """Return the images of all resolutions and the condition.

        Args:
            latent: N x z, standard normal.
            noise: N x c, standard normal, for the conditioning augmentation.
            sentence: N x D sentence codes.
        """
        condition: Condition = self.ca_net(sentence, noise)
        features: Tensor = self.h_net1(torch.cat((condition.code, latent), dim=1))
        images: dict[int, Tensor] = {}
        for number, resolution in enumerate(self.resolutions, start=1):
            if number > 1:
                features = self.get_submodule(f"h_net{number}")(features, condition.code)
            images[resolution] = self.get_submodule(f"img_net{number}")(features)
        return Generated(images, condition)
