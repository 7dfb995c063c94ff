"""The recurrence: read, infer, attend to words, write; T times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from t2ibench_baselines.aligndraw.alignment import Alignment, WordStates, uniform
from t2ibench_baselines.aligndraw.caption_encoder import ENCODERS
from t2ibench_baselines.aligndraw.lstm_cell import LSTMCell, advance
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
        logits: N x C x H x W; their sigmoid is the image.
        kl_divergence: N, the steps' divergences of posterior from prior, summed, in nats; 0 where nothing was inferred.
    """

    logits: Tensor
    kl_divergence: Tensor


def kl_divergence(posterior: Gaussian, prior: Gaussian) -> Tensor:
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
        captions: reads captions instead of alignDRAW's own encoder; its states have 2 language_features numbers.
    """

    def __init__(self, parameters: AlignDRAWParameters, words: int = 0, captions: nn.Module | None = None) -> None:
        super().__init__()
        p = parameters
        self.settings = p
        states, area = 2 * p.language_features, p.channels * p.patch**2
        self.captions = captions or ENCODERS[p.reading](words, p.language_features)
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
        self.canvas = nn.Parameter(torch.full((p.channels, p.resolution, p.resolution), p.canvas_start))
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
        """Return drawings of captions: of given images (from the posterior) or of new ones (from the prior).

        The posterior's path reaches the words only through the decoder's state, as published.

        Args:
            words: of N captions.
            noise: standard normal, N x steps x latent.
            values: images to infer the latents from, N x C x H x W in [0, 1]; None draws from the prior.
            watch: called after every step.
        """
        p = self.settings
        count = len(noise)
        canvas = self.canvas.expand(count, -1, -1, -1)
        hidden = self.decoder_start.expand(count, -1)
        cell = torch.zeros_like(hidden)
        seen = self.encoder_start.expand(count, -1)
        seen_cell = torch.zeros_like(seen)
        zero = noise.new_zeros(count, p.latent)
        prior = Gaussian(zero, zero)  # of the first latent; later ones depend on what was written before
        posteriors: list[Gaussian] = []
        priors: list[Gaussian] = []
        fused = _Fused(self)
        shown = None if values is None else values.contiguous()
        told = fused.of_hidden(hidden)
        reading, _ = self._windows(told.controls)
        for step in range(p.steps):
            weights = uniform(words) if self.alignment is None else self.alignment(words, told.query)  # N x T
            read = (weights[:, None] @ words.states)[:, 0]  # N x 2L
            source = prior
            if shown is not None:
                gates = fused.encoder(torch.cat((self._look(reading, shown, canvas), seen), dim=1)) + told.encoder
                seen, seen_cell = advance(gates, seen_cell)
                mean, deviation = fused.posterior(seen).chunk(2, dim=1)
                source = Gaussian(mean, 0.5 * deviation)
                posteriors.append(source)
                priors.append(prior)
            latent = source.sample(noise[:, step])
            hidden, cell = advance(self.decoder.inputs(torch.cat((latent, read), dim=1)) + told.decoder, cell)
            told = fused.of_hidden(hidden)
            prior = Gaussian(*told.prior.tanh().chunk(2, dim=1))
            reading, writing = self._windows(told.controls)
            patch = told.patch.reshape(count, p.channels, p.patch, p.patch)
            canvas = canvas + writing.write(patch / writing.intensity[:, None, None, None])
            watch(Step(canvas, weights, writing))
        total = noise.new_zeros(count)
        if posteriors:
            # All steps at once: the steps' divergences add up just as the latent's numbers do.
            total = kl_divergence(_beside(posteriors), _beside(priors))
        return Drawn(canvas, total)

    def _look(self, window: Window, values: Tensor, canvas: Tensor) -> Tensor:
        """Return what is read of the images and of what the canvas lacks, N x 2Cpp."""
        image, drawn = window.read(values), window.read(canvas.sigmoid())
        both = torch.cat((image, image - drawn), dim=1)  # N x 2C x p x p; reading is linear
        return (both * window.intensity[:, None, None, None]).flatten(1)

    def _windows(self, controls: Tensor) -> tuple[Window, Window]:
        """Return the windows that the next step reads and that this one writes, of N x 10 numbers."""
        p = self.settings
        both = window_of(torch.cat(controls.chunk(2, dim=1)), p.resolution, p.patch, p.window, p.exponent_limit)
        return both.halves()


@dataclass(frozen=True, slots=True)
class _Told:
    """All that is linear in the decoder's state, N x ... each; `query` is None without attention."""

    controls: Tensor
    patch: Tensor
    prior: Tensor
    encoder: Tensor
    decoder: Tensor
    query: Tensor | None


class _Fused:
    """A drawer's linear maps, laid side by side once a drawing: a step then makes 4 products instead of 12.

    Fewer small products, and fewer gradients of weights to add up step by step, are worth a twentieth of a step's time.
    """

    def __init__(self, drawer: Drawer) -> None:
        p = drawer.settings
        looked = 2 * p.channels * p.patch**2
        from_look, from_hidden = drawer.encoder.inputs.weight[:, :looked], drawer.encoder.inputs.weight[:, looked:]
        controls = (
            torch.cat((drawer.read_window.weight, drawer.write_window.weight)),
            torch.cat((drawer.read_window.bias, drawer.write_window.bias)),
        )
        parts: list[tuple[Tensor, Tensor | None]] = [
            controls,
            (drawer.patch.weight, drawer.patch.bias),
            (drawer.prior.weight, drawer.prior.bias),
            (from_hidden, drawer.encoder.inputs.bias),
            (drawer.decoder.recurrent.weight, None),
        ]
        if drawer.alignment is not None:
            parts.append((drawer.alignment.query.weight, None))
        self._sizes = [len(weight) for weight, _ in parts]
        self._weight = torch.cat([weight for weight, _ in parts])
        self._bias = torch.cat([weight.new_zeros(len(weight)) if bias is None else bias for weight, bias in parts])
        self._encoder = torch.cat((from_look, drawer.encoder.recurrent.weight), dim=1)
        heads = drawer.posterior_mean, drawer.posterior_deviation
        self._posterior = torch.cat([head.weight for head in heads]), torch.cat([head.bias for head in heads])

    def of_hidden(self, hidden: Tensor) -> _Told:
        """Return all that is linear in the decoder's state N x features."""
        parts = torch.split(F.linear(hidden, self._weight, self._bias), self._sizes, dim=1)
        controls, patch, prior, encoder, decoder = parts[:5]
        return _Told(controls, patch, prior, encoder, decoder, parts[5] if len(parts) > 5 else None)

    def encoder(self, looked: Tensor) -> Tensor:
        """Return the share in the encoder's gates of what was read and of the encoder's own state, side by side."""
        return F.linear(looked, self._encoder)

    def posterior(self, seen: Tensor) -> Tensor:
        """Return mean and twice the log deviation side by side, N x 2Z, of the encoder's state."""
        return F.linear(seen, *self._posterior)


def _beside(steps: Sequence[Gaussian]) -> Gaussian:
    return Gaussian(
        torch.cat([one.mean for one in steps], dim=1), torch.cat([one.log_deviation for one in steps], dim=1)
    )
