"""A conditional variational autoencoder around any two image networks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from t2ibench_baselines._variational.parameters import VariationalParameters
from t2ibench_baselines.aligndraw.alignment import WordStates
from t2ibench_baselines.aligndraw.caption_encoder import CaptionEncoder
from t2ibench_baselines.aligndraw.drawer import Gaussian


class Autoencoder(nn.Module):
    """Recognition q(z | x, y), prior p(z | y) and generator p(x | z, y), the caption y read by noalignDRAW's encoder.

    Sohn et al., Learning Structured Output Representation using Deep Conditional Generative Models, NIPS 2015. There is
    no batch normalisation: the bound would depend on the batch. No layer of the recognition reaches the generator but
    by z.

    Args:
        parameters: of the model.
        words: of the vocabulary, the padding among them.
        look: images N x C x H x W to features N x F.
        recognise: [features, s] to N x 2 latent.
        generate: [z, s] to logits N x C x H x W.
    """

    def __init__(
        self, parameters: VariationalParameters, words: int, look: nn.Module, recognise: nn.Module, generate: nn.Module
    ) -> None:
        super().__init__()
        p = parameters
        self.latent = p.latent
        self.captions = CaptionEncoder(words, p.language_features)
        self.look = look
        self.recognise = recognise
        self.generate = generate
        self.prior_of = nn.Linear(2 * p.language_features, 2 * p.latent) if p.prior == "learned" else None

    def initialise(self, output_start: float, last: nn.Linear | nn.ConvTranspose2d) -> None:
        """Make words' vectors small, the prior standard normal, and every image of `last` the mean pixel's logit."""
        for module in self.captions.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.1)
        if self.prior_of is not None:
            nn.init.zeros_(self.prior_of.weight)
            nn.init.zeros_(self.prior_of.bias)
        if last.bias is not None:
            nn.init.constant_(last.bias, output_start)

    def read(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return N x 2 language_features, the mean of the words' states, of captions int64 N x T, padded with 0."""
        mask = torch.arange(ids.shape[1], device=ids.device) < lengths.to(ids.device)[:, None]
        return WordStates(self.captions(ids, mask), mask).mean

    def posterior(self, values: Tensor, sentence: Tensor) -> Gaussian:
        """Return q(z | x, y) of images N x C x H x W in [0, 1] and their captions as read."""
        return _gaussian(self.recognise(torch.cat((self.look(values), sentence), dim=1)))

    def prior(self, sentence: Tensor) -> Gaussian:
        """Return p(z | y) of captions as read."""
        if self.prior_of is None:
            zero = sentence.new_zeros(len(sentence), self.latent)
            return Gaussian(zero, zero)
        return _gaussian(self.prior_of(sentence))

    def draw(self, latent: Tensor, sentence: Tensor) -> Tensor:
        """Return logits N x C x H x W, whose sigmoid is the image."""
        logits: Tensor = self.generate(torch.cat((latent, sentence), dim=1))
        return logits


def perceptron(widths: Sequence[int]) -> nn.Sequential:
    """Return linear layers of these widths with a ReLU between any two."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.ReLU(inplace=True)] if layers else []
        layers.append(nn.Linear(inputs, outputs))
    return nn.Sequential(*layers)


def _gaussian(heads: Tensor) -> Gaussian:
    return Gaussian(*heads.chunk(2, dim=1))
