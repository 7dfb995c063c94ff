"""The fully connected conditional VAE."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from torch import nn

from t2ibench_baselines._variational.autoencoder import Autoencoder, perceptron
from t2ibench_baselines._variational.model import ConditionalVAE
from t2ibench_baselines._variational.parameters import VariationalParameters


class VAEParameters(VariationalParameters):
    """Those of both conditional VAEs, and the width.

    Attributes:
        width: of the two hidden layers of recognition and generator.
    """

    width: int = Field(default=768, ge=1)


class VAE(ConditionalVAE):
    """[x, s] > width > width > mean and log deviation of z; [z, s] > width > width > x; ReLU between.

    The talk about alignDRAW (Mansimov et al., ICLR 2016) prints its figures and not its layers: these are ours, with as
    many parameters as the image part of alignDRAW has.
    """

    Parameters: ClassVar[type[VAEParameters]] = VAEParameters

    @classmethod
    def autoencoder_of(cls, parameters: VAEParameters, words: int) -> Autoencoder:
        """Return the network, initialised, for a vocabulary of so many words."""
        p = parameters
        sentence, pixels = 2 * p.language_features, p.channels * p.resolution**2
        recognise = perceptron((pixels + sentence, p.width, p.width, 2 * p.latent))
        last = nn.Linear(p.width, pixels)
        unflatten = nn.Unflatten(1, (p.channels, p.resolution, p.resolution))
        generate = nn.Sequential(
            *perceptron((p.latent + sentence, p.width, p.width)), nn.ReLU(inplace=True), last, unflatten
        )
        found = Autoencoder(p, words, nn.Flatten(), recognise, generate)
        found.initialise(p.output_start, last)
        return found
