"""StackGAN-v2's generator. Attribute names are those of the official state dicts (without their "module." prefix)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.blocks import ImageHead, InitialStage
from t2ibench_baselines._stackgan.conditioning import Condition, ConditioningAugmentation
from t2ibench_baselines._stackgan.refinement import JoiningStage
from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters


class Generated(NamedTuple):
    """What one pass of the generator makes.

    Attributes:
        images: resolution -> N x 3 x resolution x resolution in [-1, 1], ascending.
        condition: the drawn condition and its Gaussian.
    """

    images: dict[int, Tensor]
    condition: Condition


class Generator(nn.Module):
    """Latent and sentence to images of doubling resolutions; one drawn condition feeds all stages."""

    def __init__(self, parameters: StackGANv2Parameters, text_dimension: int) -> None:
        super().__init__()
        p, channels = parameters, parameters.generator_features
        self.resolutions = p.resolutions
        self.ca_net = ConditioningAugmentation(text_dimension, p.condition)
        self.h_net1 = InitialStage(p.condition + p.latent, channels, p.base_resolution)
        self.img_net1 = ImageHead(channels)
        for number in range(2, p.branches + 1):
            width = channels >> (number - 2)
            stage = JoiningStage(width, width, p.condition, p.residual_blocks)
            self.add_module(f"h_net{number}", stage)
            self.add_module(f"img_net{number}", ImageHead(width // 2))

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
                features = self.get_submodule(f"h_net{number}")(features, condition.code).features
            images[resolution] = self.get_submodule(f"img_net{number}")(features)
        return Generated(images, condition)
