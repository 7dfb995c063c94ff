"""The conv-deconv conditional VAE."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, Literal

from pydantic import Field
from torch import nn

from t2ibench_baselines._variational.autoencoder import Autoencoder, perceptron
from t2ibench_baselines._variational.model import ConditionalVAE
from t2ibench_baselines._variational.parameters import VariationalParameters


class ConvVAEParameters(VariationalParameters):
    """Those of both conditional VAEs, and the convolutions.

    Attributes:
        features: channels of the convolutions, each of stride 2; the generator has them in reverse.
        kernel: their size.
        width: of the hidden layer between the convolutions and the latent.
    """

    features: tuple[int, ...] = Field(default=(64, 128, 256), min_length=1)
    kernel: Literal[3, 4] = 4
    width: int = Field(default=700, ge=1)


class ConvVAE(ConditionalVAE):
    """Convolutions of stride 2, [flat, s] > width > mean and log deviation of z; [z, s] > flat, then the mirror image.

    The talk about alignDRAW (Mansimov et al., ICLR 2016) prints its figures and not its layers: these are ours, with as
    many parameters as the image part of alignDRAW has.
    """

    Parameters: ClassVar[type[ConvVAEParameters]] = ConvVAEParameters

    @classmethod
    def autoencoder_of(cls, parameters: ConvVAEParameters, words: int) -> Autoencoder:
        """Return the network, initialised, for a vocabulary of so many words."""
        p = parameters
        sentence, widths = 2 * p.language_features, (p.channels, *p.features)
        sides = [p.resolution]
        look: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            look += [nn.Conv2d(inputs, outputs, p.kernel, stride=2, padding=1), nn.ReLU(inplace=True)]
            sides.append((sides[-1] + 2 - p.kernel) // 2 + 1)
        flat = p.features[-1] * sides[-1] ** 2
        generate: list[nn.Module] = [
            nn.Linear(p.latent + sentence, flat),
            nn.Unflatten(1, (p.features[-1], sides[-1], sides[-1])),
        ]
        for place in reversed(range(len(p.features))):
            missing = sides[place] - (2 * sides[place + 1] - 4 + p.kernel)  # of a side that was odd
            last = nn.ConvTranspose2d(
                widths[place + 1], widths[place], p.kernel, stride=2, padding=1, output_padding=missing
            )
            generate += [nn.ReLU(inplace=True), last]
        recognise = perceptron((flat + sentence, p.width, 2 * p.latent))
        found = Autoencoder(p, words, nn.Sequential(*look, nn.Flatten()), recognise, nn.Sequential(*generate))
        found.initialise(p.output_start, last)
        return found
