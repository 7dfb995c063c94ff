"""GAN-INT-CLS's generator."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._reed.layers import SLOPE, Bottleneck, doubling
from t2ibench_baselines.gan_int_cls.parameters import GANINTCLSParameters


class Generator(nn.Module):
    """Latent and sentence to an image of side 64 (Reed et al., section 4.1), by transposed convolutions.

    From 8 * features channels at side 4, halved with every doubling of the side; a bottleneck follows at sides 4 and 8.
    Convolutions have no bias: the official code sets theirs to zero before every step. Smaller sides are ours; they
    begin with fewer channels.
    """

    def __init__(self, parameters: GANINTCLSParameters, text_dimension: int) -> None:
        super().__init__()
        p = parameters
        self.text = nn.Sequential(nn.Linear(text_dimension, p.text_features), nn.LeakyReLU(SLOPE))
        channels = p.generator_features * p.resolution // 8
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(p.latent + p.text_features, channels, kernel_size=4, bias=False),
            nn.BatchNorm2d(channels),
            Bottleneck(channels, channels // 4, nn.ReLU),
            doubling(channels, channels // 2),
            nn.BatchNorm2d(channels // 2),
            Bottleneck(channels // 2, channels // 8, nn.ReLU),
        ]
        channels //= 2
        while channels > p.generator_features:
            layers += [doubling(channels, channels // 2), nn.BatchNorm2d(channels // 2), nn.ReLU()]
            channels //= 2
        layers += [doubling(channels, 3), nn.Tanh()]
        self.images = nn.Sequential(*layers)

    def forward(self, latent: Tensor, sentence: Tensor) -> Tensor:
        """Return images N x 3 x resolution x resolution in [-1, 1].

        Args:
            latent: N x z, standard normal.
            sentence: N x D sentence codes.
        """
        joined = torch.cat((latent, self.text(sentence)), dim=1)  # N x (z + t)
        images: Tensor = self.images(joined[:, :, None, None])
        return images
