"""GAWWN's generator: what the sentence says, drawn where the box is."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._reed.layers import Bottleneck, doubling, halving
from t2ibench_baselines.gawwn.boxes import BoxPrior, paste
from t2ibench_baselines.gawwn.parameters import GAWWNParameters

MAP_SIDE = 16
"""Side of the maps that boxes are pasted into and cut out of."""


def active(layer: nn.Module, channels: int) -> list[nn.Module]:
    """Return a layer with normalisation and ReLU behind it."""
    return [layer, nn.BatchNorm2d(channels), nn.ReLU()]


def locating(inputs: int, features: int) -> nn.Sequential:
    """Return the layers from maps N x inputs x 16 x 16 of where things are to N x 4 features x 1 x 1."""
    f = features
    return nn.Sequential(
        *active(halving(inputs, 2 * f), 2 * f),
        *active(halving(2 * f, 4 * f), 4 * f),
        *active(nn.Conv2d(4 * f, 4 * f, kernel_size=4, bias=False), 4 * f),
    )


def enlarging(features: int, resolution: int) -> list[nn.Module]:
    """Return the layers from 2 x features channels at side 16 to an image."""
    channels, layers = 2 * features, []
    for narrower in (features, max(features // 4, 1))[: (resolution // MAP_SIDE).bit_length() - 2]:
        layers += active(doubling(channels, narrower), narrower)
        channels = narrower
    return [*layers, doubling(channels, 3), nn.Tanh()]


class Generator(nn.Module):
    """Latent, sentence and box to an image (Reed et al., section 4.1 and figure 2), one object.

    Two paths end in maps of side 16. The global one reads the sentence spread over the box, and so draws what is around
    it too; the regional one draws the object alone and is pasted into the box. Both are joined and enlarged. The map of
    the sentence has 4f, 2f, 4f, 4f channels at sides 16, 8, 4, 1; the middle two are ours. Sides other than 128 are
    ours: they leave out the last layers. `prior` holds boxes of the training set.
    """

    def __init__(self, parameters: GAWWNParameters, text_dimension: int) -> None:
        super().__init__()
        p, f = parameters, parameters.generator_features
        self.prior = BoxPrior(p.remembered_boxes)
        self.text = nn.Linear(text_dimension, 4 * f)
        self.latent = nn.Linear(p.latent, 4 * f)
        self.region_latent = nn.Linear(p.latent, 4 * f)
        self.located = locating(4 * f, f)
        self.scene = nn.Sequential(
            *active(nn.ConvTranspose2d(8 * f, 8 * f, kernel_size=4, bias=False), 8 * f),
            *active(doubling(8 * f, 4 * f), 4 * f),
            *active(doubling(4 * f, 2 * f), 2 * f),
        )
        self.region = nn.Sequential(
            nn.ConvTranspose2d(8 * f, 8 * f, kernel_size=4, bias=False),
            nn.BatchNorm2d(8 * f),
            Bottleneck(8 * f, 2 * f, nn.ReLU),
            doubling(8 * f, 4 * f),
            nn.BatchNorm2d(4 * f),
            Bottleneck(4 * f, f, nn.ReLU),
            doubling(4 * f, 2 * f),
            nn.BatchNorm2d(2 * f),
        )
        layers = active(nn.Conv2d(4 * f, 2 * f, kernel_size=3, padding=1, bias=False), 2 * f)
        self.image = nn.Sequential(*layers, *enlarging(f, p.resolution))

    def forward(self, latent: Tensor, sentence: Tensor, boxes: Tensor) -> Tensor:
        """Return images N x 3 x resolution x resolution in [-1, 1].

        Args:
            latent: N x z, standard normal.
            sentence: N x D sentence codes.
            boxes: N x 4, as for `paste`.
        """
        text = self.text(sentence)  # N x 4f
        spread = text[:, :, None, None].expand(-1, -1, MAP_SIDE, MAP_SIDE)
        where = self.located(paste(spread, boxes))  # N x 4f x 1 x 1
        around = torch.cat((where, torch.relu(self.latent(latent))[:, :, None, None]), dim=1)
        what = torch.relu(torch.cat((self.region_latent(latent), text), dim=1))[:, :, None, None]
        region = torch.relu(paste(self.region(what), boxes))
        images: Tensor = self.image(torch.cat((self.scene(around), region), dim=1))
        return images
