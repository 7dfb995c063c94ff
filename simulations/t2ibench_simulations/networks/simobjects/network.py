"""The network that says what a simulated scene shows: of every kind how many, in what colour, from where to where."""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_simulations.networks.small_network import convolution_block
from t2ibench_simulations.simscenes.vocabulary import COLOURS, KINDS, MOST_OBJECTS, PLACES

SIDE: Final = 64
"""Pixels a side that the network sees."""
CELLS: Final = 16
"""Cells a side of the maps of where things are."""
_WIDTH: Final = 96
_READ: Final = 80
_ENDS: Final = 4
_RARE: Final = 5.0
"""Nearly all cells are far from any object's middle: what training starts from."""
_SURE: Final = 0.3
"""How sure a spot must be to count; the middle of four cells is half as near as the middle of one."""


class Answers(NamedTuple):
    """What the network says of N images.

    Attributes:
        present: logits of whether there is any object of a kind, N x kinds.
        colours: logits of every kind's colour, N x kinds x colours; they mean nothing of kinds that are not there.
        ends: left, top, right and bottom of every kind's objects together, in [0, 1], N x kinds x 4; likewise.
        places: logits of what is behind and below, N x places.
        spots: logits of whether an object of a kind has its middle near a cell's, N x kinds x 16 x 16.
    """

    present: Tensor
    colours: Tensor
    ends: Tensor
    places: Tensor
    spots: Tensor

    def counts(self) -> Tensor:
        """Return how many of every kind there are if there are any, 1 to 4, int64 N x kinds: its distinct spots."""
        sure = self.spots.sigmoid()
        highest = functional.max_pool2d(sure, 3, stride=1, padding=1) == sure
        return (highest & (sure > _SURE)).sum(dim=(2, 3)).clamp(1, MOST_OBJECTS)


class ObjectNetwork(nn.Module):
    """A convolutional network for images of 64 x 64; every kind of object has soft maps of where it looks.

    One map says where the kind's colour is read, four say where its objects end, and one has a spot for each object,
    to be counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            convolution_block(3, 24, stride=2),  # N x 24 x 32 x 32
            convolution_block(24, 40),  # N x 40 x 32 x 32
            convolution_block(40, 64, stride=2),  # N x 64 x 16 x 16
            convolution_block(64, 64),  # N x 64 x 16 x 16
        )
        self.coarse = nn.Sequential(
            convolution_block(64, _WIDTH, stride=2),  # N x 96 x 8 x 8
            convolution_block(_WIDTH, _WIDTH),  # N x 96 x 8 x 8
            convolution_block(_WIDTH, _WIDTH),  # N x 96 x 8 x 8
        )
        # Which of several objects is the leftmost is seen from afar, where exactly it ends from nearby.
        self.reading = nn.Sequential(convolution_block(64 + _WIDTH, 64, kernel=1), convolution_block(64, _READ))
        self.looks = nn.Conv2d(_READ, len(KINDS), 1)
        self.ends = nn.Conv2d(_READ, len(KINDS) * _ENDS, 1)
        self.spots = nn.Conv2d(_READ, len(KINDS), 1)
        self.present = nn.ModuleList(nn.Linear(_READ + 1, 1) for _ in KINDS)
        self.colours = nn.ModuleList(nn.Linear(_READ, len(COLOURS)) for _ in KINDS)
        self.places = nn.Linear(_WIDTH, len(PLACES))

    def forward(self, images: Tensor) -> Answers:
        """Return what is said of images N x 3 x 64 x 64 in [-1, 1]."""
        fine = self.fine(images)  # N x 64 x 16 x 16
        coarse = self.coarse(fine)  # N x 96 x 8 x 8
        wide = functional.interpolate(coarse, scale_factor=2.0, mode="nearest")
        reading = self.reading(torch.cat([fine, wide], dim=1))  # N x 80 x 16 x 16
        looks = self.looks(reading).flatten(2).softmax(dim=2)  # N x kinds x 256
        seen = torch.einsum("nkp,ncp->nkc", looks, reading.flatten(2))  # N x kinds x 80
        spots = self.spots(reading) - _RARE  # N x kinds x 16 x 16
        both = torch.cat([seen, spots.sigmoid().amax(dim=(2, 3))[:, :, None]], dim=2)  # N x kinds x 81
        return Answers(
            present=torch.cat([head(both[:, at]) for at, head in enumerate(self.present)], dim=1),
            colours=torch.stack([head(seen[:, at]) for at, head in enumerate(self.colours)], dim=1),
            ends=_ends(self.ends(reading)),
            places=self.places(coarse.mean(dim=(2, 3))),
            spots=spots,
        )


def _ends(maps: Tensor) -> Tensor:
    """Return N x kinds x 4 in [0, 1]: the mean place of each of the maps N x 4 kinds x 16 x 16, across or down."""
    chances = maps.flatten(2).softmax(dim=2).view(len(maps), len(KINDS), _ENDS, CELLS, CELLS)
    # Cells at the border speak for the border itself.
    steps = torch.linspace(0, 1, CELLS, device=maps.device)
    across = (chances.sum(dim=3) * steps).sum(dim=3)  # N x kinds x 4
    down = (chances.sum(dim=4) * steps).sum(dim=3)
    return torch.stack([across[..., 0], down[..., 1], across[..., 2], down[..., 3]], dim=2)
