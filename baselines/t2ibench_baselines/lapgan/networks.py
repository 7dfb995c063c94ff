"""Generators and discriminators of the levels. Each maps the sentence vector to what it needs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines.aligndraw.sharpener import sharpening
from t2ibench_baselines.lapgan.parameters import LAPGANParameters


class FirstGenerator(nn.Module):
    """The coarsest image of noise and sentence: two hidden layers, the second with a sigmoid, as in the official code.

    Args:
        parameters: of the model.
        sentence: numbers of a sentence vector.
    """

    def __init__(self, parameters: LAPGANParameters, sentence: int) -> None:
        super().__init__()
        p = parameters
        self.text = nn.Linear(sentence, p.text_features)
        self.layers = nn.Sequential(
            nn.Linear(p.latent + p.text_features, p.first_features),
            nn.ReLU(inplace=True),
            nn.Linear(p.first_features, p.first_features),
            nn.Sigmoid(),
            nn.Linear(p.first_features, p.channels * p.sides[0] ** 2),
            nn.Unflatten(1, (p.channels, p.sides[0], p.sides[0])),
        )

    def forward(self, noise: Tensor, sentence: Tensor) -> Tensor:
        """Return standardised images N x C x S x S of noise N x latent in [-1, 1] and sentence vectors N x D."""
        images: Tensor = self.layers(torch.cat((noise, self.text(sentence).relu()), dim=1))
        return images


class FirstDiscriminator(nn.Module):
    """Logits of the coarsest images and their sentences; arguments as of `FirstGenerator`."""

    def __init__(self, parameters: LAPGANParameters, sentence: int) -> None:
        super().__init__()
        p, width = parameters, parameters.first_discriminator_features
        self.text = nn.Linear(sentence, p.text_features)
        self.layers = nn.Sequential(
            nn.Linear(p.channels * p.sides[0] ** 2 + p.text_features, width),
            nn.ReLU(inplace=True),
            nn.Dropout(p.dropout),
            nn.Linear(width, width),
            nn.ReLU(inplace=True),
            nn.Dropout(p.dropout),
            nn.Linear(width, 1),
        )

    def forward(self, images: Tensor, sentence: Tensor) -> Tensor:
        """Return logits N, high for real images."""
        scores: Tensor = self.layers(torch.cat((images.flatten(1), self.text(sentence).relu()), dim=1))
        return scores[:, 0]


class _SentencePlane(nn.Module):
    """A sentence vector N x D as a plane N x 1 x S x S."""

    def __init__(self, sentence: int, resolution: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(sentence, resolution**2), nn.ReLU(inplace=True), nn.Unflatten(1, (1, resolution, resolution))
        )

    def forward(self, sentence: Tensor) -> Tensor:
        plane: Tensor = self.layers(sentence)
        return plane


class DetailGenerator(nn.Module):
    """What a coarse image of side `resolution` lacks: convolutions 7, 7 and 5 wide, no normalisation.

    Args:
        parameters: of the model.
        sentence: numbers of a sentence vector.
        resolution: of the level.
    """

    def __init__(self, parameters: LAPGANParameters, sentence: int, resolution: int) -> None:
        super().__init__()
        self.text = _SentencePlane(sentence, resolution)
        self.layers = sharpening(parameters.channels, parameters.generator_features)

    def forward(self, noise: Tensor, sentence: Tensor, coarse: Tensor) -> Tensor:
        """Return the residual N x C x S x S of noise N x 1 x S x S in [-1, 1], sentences N x D and coarse images."""
        residual: Tensor = self.layers(torch.cat((noise, self.text(sentence), coarse), dim=1))
        return residual


class DetailDiscriminator(nn.Module):
    """Logits of images of a level, real or made; it never sees a residual alone. Arguments as of `DetailGenerator`."""

    def __init__(self, parameters: LAPGANParameters, sentence: int, resolution: int) -> None:
        super().__init__()
        p, width = parameters, parameters.discriminator_features
        self.text = _SentencePlane(sentence, resolution)
        left = (resolution - 4 - 5) // 2 + 1
        self.layers = nn.Sequential(
            nn.Conv2d(p.channels + 1, width, 5),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 5, stride=2),
            nn.ReLU(inplace=True),
            nn.Dropout(p.dropout),
            nn.Flatten(),
            nn.Linear(width * left**2, 1),
        )

    def forward(self, images: Tensor, sentence: Tensor) -> Tensor:
        """Return logits N, high for real images, of images N x C x S x S (coarse plus residual)."""
        scores: Tensor = self.layers(torch.cat((images, self.text(sentence)), dim=1))
        return scores[:, 0]
