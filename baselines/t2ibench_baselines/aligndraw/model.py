"""alignDRAW as a plug-in: what the training loop, the sampler and the evaluator see of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.types import Capabilities, Caption, DataRequest, Phase, Trace, TrainBatch, Update
from t2ibench.text.tokens import TokenBatch, encode_captions
from t2ibench.text.vocabulary import Vocabulary
from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines.aligndraw.alignment import WordStates
from t2ibench_baselines.aligndraw.drawer import Drawer, reconstruction
from t2ibench_baselines.aligndraw.film import Film, to_image, to_values
from t2ibench_baselines.aligndraw.optimisation import RMSProp
from t2ibench_baselines.aligndraw.parameters import AlignDRAWParameters
from t2ibench_baselines.aligndraw.sharpener import Discriminator, Sharpener, blurred

DRAW, SHARPEN = "draw", "sharpen"
"""Phases of training."""

LOWEST = 0.02
"""Share of the learning rate that is left when `decay_steps` are over."""


class AlignDRAW(Baseline):
    """alignDRAW (Mansimov et al., ICLR 2016): a recurrent variational autoencoder with attention to words.

    It is the only model here with a likelihood bound. With `sharpener_features` a second phase of training teaches an
    adversarial network to sharpen its images; the bound is that of the images before.
    """

    Parameters: ClassVar[type[AlignDRAWParameters]] = AlignDRAWParameters

    def __init__(
        self,
        parameters: AlignDRAWParameters,
        vocabulary: Vocabulary,
        drawer: Drawer,
        sharpener: Sharpener | None = None,
        discriminator: Discriminator | None = None,
    ) -> None:
        self.parameters = parameters
        self.vocabulary = vocabulary
        self.drawer = drawer
        self.sharpener = sharpener
        self.discriminator = discriminator
        self.capabilities = Capabilities(
            resolution=parameters.resolution,
            stages=(parameters.resolution,),
            uses=frozenset({"words"}),
            latents=("z_step",),
            attention=parameters.attention == "align",
            bound=True,
        )

    @classmethod
    def bound_of(cls, parameters: AlignDRAWParameters) -> str:
        """Return what the bound is of, as in "32 x 32 RGB"."""
        return f"{parameters.resolution} x {parameters.resolution} {'grey' if parameters.channels == 1 else 'RGB'}"

    @classmethod
    def build(cls, parameters: AlignDRAWParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without the sharpener's discriminator, its weights to be loaded."""
        p = parameters
        vocabulary = Vocabulary.from_words(context.vocabulary)
        drawer = Drawer(p, len(vocabulary))
        drawer.initialise()
        return cls(p, vocabulary, drawer, *sharpening_networks(p, context))

    def exported(self) -> Mapping[str, Module]:
        """Return the drawer and, if there is one, the sharpener."""
        return {"drawer": self.drawer} | ({} if self.sharpener is None else {"sharpener": self.sharpener})

    def networks(self) -> Mapping[str, Module]:
        """Return the drawer and, if there is one, the sharpener and its discriminator."""
        return {**self.exported(), **({} if self.discriminator is None else {"discriminator": self.discriminator})}

    def data_request(self) -> DataRequest:
        """Return images of one resolution."""
        return DataRequest((self.parameters.resolution,), self.parameters.batch_size)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return the drawer's RMSProp or Adam, and an Adam each for the sharpener and its discriminator."""
        p = self.parameters
        own = list(self.drawer.parameters())
        found: dict[str, Optimizer] = {
            "drawer": RMSProp(own, p.learning_rate) if p.optimizer == "rmsprop" else Adam(own, p.learning_rate)
        }
        for name, network in self.networks().items():
            if name != "drawer":
                found[name] = Adam(network.parameters(), p.sharpener_learning_rate, betas=(0.5, 0.999))
        return found

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return the drawer's rate: rising at first, along a cosine to a fiftieth, a tenth from `decay_epoch` on.

        The official code watches a validation set instead: for MNIST it stops after the fourth worsening, for COCO it
        divides the rate by ten at every one.
        """
        p = self.parameters
        rate = p.learning_rate * min(1.0, (step + 1) / p.warmup_steps if p.warmup_steps else 1.0)
        if p.decay_steps:
            done = min(1.0, step / p.decay_steps)
            rate *= LOWEST + (1 - LOWEST) * (1 + math.cos(math.pi * done)) / 2
        late = p.decay_epoch and step // max(steps_per_epoch, 1) >= p.decay_epoch
        return {"drawer": rate / 10 if late else rate}

    def curriculum(self) -> Sequence[Phase]:
        """Return one phase, or two with a sharpener."""
        share = self.parameters.sharpener_share if self.sharpener is not None else 0.0
        return (Phase(DRAW, 1 - share), Phase(SHARPEN, share)) if share else (Phase(DRAW),)

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the one update that raises the bound; in the second phase the discriminator's, then the sharpener's."""
        values = to_values(batch.images[self.parameters.resolution], self.parameters.channels)
        if batch.phase == SHARPEN:
            yield from self._sharpening(batch.captions, values, noise)
            return
        words, _ = self._read(batch.captions, noise)
        drawn = self.drawer(words, self._latents(noise), values)
        entropy, kl_divergence = reconstruction(drawn.logits, values).mean(), drawn.kl_divergence.mean()
        parts = {"reconstruction": entropy.detach(), "kl_divergence": kl_divergence.detach()}
        yield Update("drawer", entropy + kl_divergence, parts, clip_norm=self.parameters.clip_norm, clip_each=True)

    def _sharpening(self, captions: Sequence[Caption], values: Tensor, noise: BoundNoise) -> Iterator[Update]:
        """Yield the sharpener's game on real images: to undo a blur, so that the discriminator cannot tell."""
        sharpener, discriminator = self.sharpener, self.discriminator
        if sharpener is None or discriminator is None:
            raise ValueError('This alignDRAW was built for "generate", or without sharpener: nothing can be sharpened.')
        sharpener.begun.fill_(1)
        with torch.no_grad():
            code = self._read(captions, noise)[0].mean
        blurry = blurred(values)
        plane = noise.draw("sharpener", (1, self.parameters.resolution, self.parameters.resolution))
        sharp = sharpener(blurry, code, torch.erf(plane / math.sqrt(2)))  # normal to uniform in [-1, 1]
        real, fake = discriminator(blurry, values, code), discriminator(blurry, sharp.detach(), code)
        loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        yield Update("discriminator", loss, {"real": real.mean().detach(), "fake": fake.mean().detach()})
        with frozen([discriminator]):
            loss = F.softplus(-discriminator(blurry, sharp, code)).mean()
        yield Update("sharpener", loss, {"change": (sharp - blurry).abs().mean().detach()})

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x resolution x resolution in [-1, 1], of N captions; noise "z_step" as given.

        They are sharpened if there is a sharpener and it has begun to learn. The trace gets the steps of the drawing.

        Raises:
            UserError: a caption without a known word.
        """
        with torch.no_grad(), evaluating(*self.exported().values()):
            words, tokens = self._read(captions, noise)
            latents = self._latents(noise)
            if trace is None:
                drawn = self.drawer(words, latents)
            else:
                film = Film(self.drawer.canvas.detach().expand(len(captions), -1, -1, -1), tokens.words)
                drawn = self.drawer(words, latents, watch=film.watch)
                trace.drawing = film.drawing(aligned=self.capabilities.attention)
                if self.capabilities.attention:
                    trace.attention.append(film.attention())
            values = drawn.logits.sigmoid()
            if self.sharpener is not None and bool(self.sharpener.begun):
                values = self.sharpener(values, words.mean).clamp(0, 1)
        images = to_image(values).float().contiguous()
        if trace is not None:
            trace.stages[self.parameters.resolution] = images
        return images

    def bound(self, captions: Sequence[Caption], images: Tensor, noise: BoundNoise) -> Tensor:
        """Return a draw of the lower bound on log p(image | caption) in nats, N, float32; see `HasBound`.

        Each value of a pixel is a Bernoulli mean, as published: for values between 0 and 1 that is no density, and the
        bound stays below minus their entropy.
        """
        values = to_values(images, self.parameters.channels)
        with torch.no_grad(), evaluating(self.drawer):
            words, _ = self._read(captions, noise)
            drawn = self.drawer(words, self._latents(noise), values)
            bounds: Tensor = -(reconstruction(drawn.logits, values) + drawn.kl_divergence)
        return bounds.float()

    def _latents(self, noise: BoundNoise) -> Tensor:
        return noise.draw("z_step", (self.parameters.steps, self.parameters.latent))

    def _read(self, captions: Sequence[Caption], noise: BoundNoise) -> tuple[WordStates, TokenBatch]:
        tokens = encode_captions(self.vocabulary, captions, maximum=self.parameters.words_maximum, noise=noise)
        return self.drawer.read_captions(tokens.ids.to(self.drawer.canvas.device), tokens.lengths), tokens


def sharpening_networks(p: AlignDRAWParameters, context: BuildContext) -> tuple[Sharpener | None, Discriminator | None]:
    """Return the sharpener and, for training, its discriminator; None where the parameters ask for none."""
    if not p.sharpener_features:
        return None, None
    code = 2 * p.language_features
    sharpener = Sharpener(p.channels, p.resolution, code, p.sharpener_features)
    if context.purpose != "train":
        return sharpener, None
    return sharpener, Discriminator(p.channels, p.resolution, code, p.discriminator_features)
