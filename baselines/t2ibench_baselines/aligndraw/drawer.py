"""The recurrence: read, infer, attend to words, write; T times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from t2ibench_baselines.aligndraw.alignment import Alignment, WordStates, uniform
from t2ibench_baselines.aligndraw.caption_encoder import CaptionEncoder
from t2ibench_baselines.aligndraw.lstm_cell import LSTMCell
from t2ibench_baselines.aligndraw.parameters import AlignDRAWParameters
from t2ibench_baselines.aligndraw.windows import CONTROLS, Window, window_of


@dataclass(frozen=True, slots=True)
class Gaussian:
    """A diagonal normal distribution, N x Z: its mean and the logarithm of its standard deviation."""

    mean: Tensor
    log_deviation: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """Return mean + deviation * noise, N x Z."""
        return self.mean + self.log_deviation.exp() * noise


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did: the canvas after it (logits N x C x H x W), the words' weights N x T, where it wrote."""

    canvas: Tensor
    weights: Tensor
    window: Window


@dataclass(frozen=True, slots=True)
class Drawn:
    """A finished drawing.

    Attributes:
        logits: N x C x H x W; their sigmoid is the picture.
        divergence: N, the steps' divergences of posterior from prior, summed, in nats; 0 where nothing was inferred.
    """

    logits: Tensor
    divergence: Tensor


def divergence(posterior: Gaussian, prior: Gaussian) -> Tensor:
    """Return KL(posterior || prior) in nats, N, summed over the latent."""
    gap = posterior.mean - prior.mean
    scaled = (gap.square() + (2 * posterior.log_deviation).exp()) * (-2 * prior.log_deviation).exp()
    return 0.5 * (scaled - 1 - 2 * posterior.log_deviation + 2 * prior.log_deviation).sum(dim=1)


def reconstruction(logits: Tensor, values: Tensor) -> Tensor:
    """Return the cross-entropy in nats, N: every value in [0, 1] a Bernoulli mean, summed over pixels and channels."""
    return F.binary_cross_entropy_with_logits(logits, values, reduction="none").flatten(1).sum(dim=1)


class Drawer(nn.Module):
    """The caption encoder and the conditional DRAW of Mansimov et al., 2016, section 3.

    Args:
        parameters: of the model.
        words: of the vocabulary, the padding among them.
    """

    def __init__(self, parameters: AlignDRAWParameters, words: int) -> None:
        super().__init__()
        p = parameters
        self.parameters_of = p
        states, area = 2 * p.language_features, p.channels * p.patch**2
        self.captions = CaptionEncoder(words, p.language_features)
        self.alignment = None
        if p.attention == "align":
            self.alignment = Alignment(states, p.decoder_features, p.alignment_features)
        self.read_window = nn.Linear(p.decoder_features, CONTROLS)
        self.encoder = LSTMCell(2 * area + p.decoder_features, p.encoder_features)
        self.posterior_mean = nn.Linear(p.encoder_features, p.latent)
        self.posterior_deviation = nn.Linear(p.encoder_features, p.latent)
        self.decoder = LSTMCell(p.latent + states, p.decoder_features)
        self.prior = nn.Linear(p.decoder_features, 2 * p.latent)
        self.patch = nn.Linear(p.decoder_features, area)
        self.write_window = nn.Linear(p.decoder_features, CONTROLS)
        self.canvas = nn.Parameter(torch.full((p.channels, p.side, p.side), p.canvas_start))
        self.encoder_start = nn.Parameter(torch.zeros(p.encoder_features))
        self.decoder_start = nn.Parameter(torch.zeros(p.decoder_features))

    def initialise(self) -> None:
        """Draw every weight matrix and the attention's vector from N(0, 0.01^2); biases and first states are 0."""
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.01)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        if self.alignment is not None:
            nn.init.normal_(self.alignment.score, std=0.01)

    def read_captions(self, ids: Tensor, lengths: Tensor) -> WordStates:
        """Return the word states of captions.

        Args:
            ids: int64 N x T, padded on the right with 0, on the network's device.
            lengths: int64 N.
        """
        mask = torch.arange(ids.shape[1], device=ids.device) < lengths.to(ids.device)[:, None]
        states = self.captions(ids, mask)
        return WordStates(states, mask, None if self.alignment is None else self.alignment.keys(states))

    def forward(
        self,
        words: WordStates,
        noise: Tensor,
        values: Tensor | None = None,
        *,
        watch: Callable[[Step], None] = lambda step: None,
    ) -> Drawn:
        """Return drawings of captions: of given pictures (from the posterior) or of new ones (from the prior).

        The posterior's path reaches the words only through the decoder's state, as published.

        Args:
            words: of N captions.
            noise: standard normal, N x steps x latent.
            values: pictures to infer the latents from, N x C x H x W in [0, 1]; None draws from the prior.
            watch: called after every step.
        """
        p = self.parameters_of
        count = len(noise)
        canvas = self.canvas.expand(count, -1, -1, -1)
        hidden = self.decoder_start.expand(count, -1)
        cell = torch.zeros_like(hidden)
        seen = self.encoder_start.expand(count, -1)
        encoder = (seen, torch.zeros_like(seen))
        zero = noise.new_zeros(count, p.latent)
        prior = Gaussian(zero, zero)  # of the first latent; later ones depend on what was written before
        total = noise.new_zeros(count)
        for step in range(p.steps):
            weights = uniform(words) if self.alignment is None else self.alignment(words, hidden)  # N x T
            read = (weights[:, None] @ words.states)[:, 0]  # N x 2L
            source = prior
            if values is not None:
                encoder = self.encoder(torch.cat((self._look(values, canvas, hidden), hidden), dim=1), encoder)
                source = Gaussian(self.posterior_mean(encoder[0]), 0.5 * self.posterior_deviation(encoder[0]))
                total = total + divergence(source, prior)
            latent = source.sample(noise[:, step])
            hidden, cell = self.decoder(torch.cat((latent, read), dim=1), (hidden, cell))
            prior = Gaussian(*self.prior(hidden).tanh().chunk(2, dim=1))
            window = self._window(self.write_window(hidden))
            patch = self.patch(hidden).view(count, p.channels, p.patch, p.patch)
            canvas = canvas + window.write(patch) / window.intensity[:, None, None, None]
            watch(Step(canvas, weights, window))
        return Drawn(canvas, total)

    def _look(self, values: Tensor, canvas: Tensor, hidden: Tensor) -> Tensor:
        """Return what is read of the pictures and of what the canvas lacks, N x 2Cpp."""
        window = self._window(self.read_window(hidden))
        both = torch.cat((values, values - canvas.sigmoid()), dim=1)  # N x 2C x H x W
        return (window.read(both) * window.intensity[:, None, None, None]).flatten(1)

    def _window(self, controls: Tensor) -> Window:
        p = self.parameters_of
        return window_of(controls, p.side, p.patch, p.window, p.exponent_limit)
