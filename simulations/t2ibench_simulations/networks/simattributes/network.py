"""The network that names what a simulated bird looks like: convolutions, and a place to look at for every attribute."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_simulations.networks.small_network import convolution_block
from t2ibench_simulations.simbirds.attributes import WORDS

_WIDTH: Final = 112
_READ: Final = 64


class AttributeNetwork(nn.Module):
    """A convolutional network for images of 64 x 64; every attribute has a soft map of where it looks.

    Looking at a place keeps apart what lies apart: the colour of the bill is read at the bill, whatever the wing's is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution_block(3, 24, stride=2),  # N x 24 x 32 x 32
            convolution_block(24, 40, stride=1),  # N x 40 x 32 x 32
            convolution_block(40, 64, stride=2),  # N x 64 x 16 x 16
            convolution_block(64, 64, stride=1),  # N x 64 x 16 x 16
            convolution_block(64, _WIDTH, stride=2),  # N x 112 x 8 x 8
            convolution_block(_WIDTH, _WIDTH, stride=1),  # N x 112 x 8 x 8
        )
        # Fine places are read from 16 x 16, form and proportion from 8 x 8.
        self.places = nn.Conv2d(64 + _WIDTH, len(WORDS), 1)
        self.reading = nn.Sequential(nn.Conv2d(64 + _WIDTH, _READ, 1, bias=False), nn.BatchNorm2d(_READ), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(_READ + _WIDTH, len(words)) for name, words in WORDS.items()})

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Return attribute -> logits N x number of its words, of images N x 3 x 64 x 64 in [-1, 1]."""
        fine = self.layers[:4](images)  # N x 64 x 16 x 16
        coarse = self.layers[4:](fine)  # N x 112 x 8 x 8
        both = torch.cat([fine, functional.interpolate(coarse, scale_factor=2.0, mode="nearest")], dim=1)
        where = self.places(both).flatten(2).softmax(dim=2)  # N x heads x 256
        seen = torch.einsum("nhp,ncp->nhc", where, self.reading(both).flatten(2))  # N x heads x 64
        whole = coarse.mean(dim=(2, 3))  # N x 112
        return {name: self.heads[name](torch.cat([seen[:, at], whole], dim=1)) for at, name in enumerate(WORDS)}
