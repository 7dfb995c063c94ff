"""The network of SimNet: five convolutions, 64 numbers an image, and a head for everything it can name."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from t2ibench_simulations.networks.simnet.words import HEADS, POOL
from t2ibench_simulations.networks.small_network import convolution_block


class SimNetwork(nn.Module):
    """A small convolutional network (about 190,000 parameters) for images of 64 x 64.

    The embedding is normalised before its ReLU, so that its numbers are of one scale and none dominates a distance.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution_block(3, 24, kernel=5, stride=2),  # N x 24 x 32 x 32
            convolution_block(24, 48, kernel=3, stride=2),  # N x 48 x 16 x 16
            convolution_block(48, 64, kernel=3, stride=1),  # N x 64 x 16 x 16
            convolution_block(64, 64, kernel=3, stride=2),  # N x 64 x 8 x 8
            convolution_block(64, 64, kernel=3, stride=2),  # N x 64 x 4 x 4
        )
        self.embedding = nn.Sequential(
            nn.Flatten(), nn.Linear(64 * 16, POOL, bias=False), nn.BatchNorm1d(POOL), nn.ReLU()
        )
        self.heads = nn.ModuleDict({name: nn.Linear(POOL, len(words)) for name, words in HEADS.items()})

    def forward(self, images: Tensor) -> Tensor:
        """Return the embedding, N x 64, never negative, of images N x 3 x 64 x 64 in [-1, 1]."""
        embedding: Tensor = self.embedding(self.layers(images))
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
