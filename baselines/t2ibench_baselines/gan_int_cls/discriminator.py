"""GAN-INT-CLS's matching-aware discriminator."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._reed.layers import Bottleneck, halving, leaky
from t2ibench_baselines.gan_int_cls.parameters import GANINTCLSParameters


class Discriminator(nn.Module):
    """Images and sentences to logits of "real and matching" (Reed et al., section 4.1).

    Strided convolutions down to side 4, a bottleneck, then the sentence is joined at every place. Convolutions have no
    bias: the official code sets theirs to zero before every step. Its two training scripts differ: the one with
    interpolated sentences normalises the sentence's features and has no activation at side 8, the one without has that
    activation and does not normalise.
    """

    def __init__(self, parameters: GANINTCLSParameters, text_dimension: int) -> None:
        super().__init__()
        p, channels, interpolating = parameters, parameters.discriminator_features, parameters.script == "int"
        halvings = (p.resolution // 4).bit_length() - 1
        layers: list[nn.Module] = [halving(3, channels), leaky()]
        for number in range(2, halvings + 1):
            layers += [halving(channels, 2 * channels), nn.BatchNorm2d(2 * channels)]
            channels *= 2
            if number < halvings - 1 or (number == halvings - 1 and not interpolating):
                layers.append(leaky())
        layers.append(Bottleneck(channels, channels // 4, leaky))
        self.maps = nn.Sequential(*layers)
        self.text = nn.Sequential(nn.Linear(text_dimension, p.text_features))
        if interpolating:
            self.text.append(nn.BatchNorm1d(p.text_features))
        self.text.append(leaky())
        self.joined = nn.Sequential(
            nn.Conv2d(channels + p.text_features, channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(channels),
            leaky(),
            nn.Conv2d(channels, 1, kernel_size=4, bias=False),
        )

    def forward(self, images: Tensor, sentence: Tensor) -> Tensor:
        """Return logits N of images N x 3 x resolution x resolution in [-1, 1] and sentence codes N x D."""
        maps: Tensor = self.maps(images)  # N x c x 4 x 4
        tiled = self.text(sentence)[:, :, None, None].expand(-1, -1, *maps.shape[2:])
        logits: Tensor = self.joined(torch.cat((maps, tiled), dim=1))
        return logits.flatten()
