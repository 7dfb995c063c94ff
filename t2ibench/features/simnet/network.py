"""The network of SimNet: five convolutions, 64 numbers a picture, and a head for everything it can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench.features.simnet.words import HEADS, POOL, SIDE


class SimNetwork(nn.Module):
    """A small convolutional network (about 190,000 parameters) for pictures of 64 x 64.

    The embedding is normalised before its ReLU, so that its numbers are of one scale and none dominates a distance.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _block(3, 24, kernel=5, stride=2),  # N x 24 x 32 x 32
            _block(24, 48, kernel=3, stride=2),  # N x 48 x 16 x 16
            _block(48, 64, kernel=3, stride=1),  # N x 64 x 16 x 16
            _block(64, 64, kernel=3, stride=2),  # N x 64 x 8 x 8
            _block(64, 64, kernel=3, stride=2),  # N x 64 x 4 x 4
        )
        self.embedding = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * 16, POOL, bias=False), nn.BatchNorm1d(POOL), nn.ReLU()
        )
        self.heads = nn.ModuleDict({name: nn.Linear(POOL, len(words)) for name, words in HEADS.items()})

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the embedding, N x 64, never negative, of pictures N x 3 x 64 x 64 in [-1, 1]."""
        embedding: Tensor = self.embedding(self.layers(pictures))
        return embedding

    def name(self, embedding: Tensor) -> Mapping[str, Tensor]:
        """Return head name -> logits N x number of its words, of embeddings N x 64."""
        return {name: head(embedding) for name, head in self.heads.items()}

    def joint(self, embedding: Tensor) -> Tensor:
        """Return log p(wing colour) + log p(belly colour), N x 121 (wing major), of embeddings N x 64.

        Their softmax is the product of the two distributions: 121 kinds of bird, of which a good model makes many.
        """
        wing = functional.log_softmax(self.heads["wing"](embedding), dim=1)
        belly = functional.log_softmax(self.heads["belly"](embedding), dim=1)
        return (wing[:, :, None] + belly[:, None, :]).flatten(1)


BYTE_HALF: Final = 127.5


def prepare(pixels: Tensor) -> Tensor:
    """Return float32 pictures N x 3 x 64 x 64 in [-1, 1] of uint8 pictures N x 3 x H x W, H and W being any.

    Bilinear with antialiasing, on float values: a picture of 64 pixels stays as it is.
    """
    pictures = pixels.to(torch.float32)
    if pictures.shape[-2:] != (SIDE, SIDE):
        pictures = functional.interpolate(pictures, size=(SIDE, SIDE), mode="bilinear", antialias=True)
    return pictures / BYTE_HALF - 1


def _block(before: int, after: int, *, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )
