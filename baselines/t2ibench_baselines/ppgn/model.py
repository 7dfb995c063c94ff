"""The PPGN-style sampler as a plug-in: a trained model in, better-matching images of it out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn import Module, functional

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BoundNoise, BuildContext, TextToImage
from t2ibench.core.noise import Noise
from t2ibench.core.types import Caption, Trace
from t2ibench.models.wrapping import WrapsModel
from t2ibench.text.damsm import DAMSM
from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._stackgan.modes import evaluating
from t2ibench_baselines.ppgn.latents import HeldNoise
from t2ibench_baselines.ppgn.parameters import PPGNStyleParameters
from t2ibench_baselines.ppgn.sampler import Latents, improved

STEP = "ppgn_step"
"""The latent of the noise added at each iteration."""

_TRIAL_WORDS = 5
"""Of the caption that tells whether a model's images have a gradient."""


class PPGNStyle(Baseline, WrapsModel):
    """A sampler after PPGN (Nguyen et al., CVPR 2017): iterations on a generator's latents under a text score.

    It learns nothing: it holds a trained model and the DAMSM that scores its images. It is not PPGN, whose generator
    inverts the features of a classifier and whose score is a captioner's.
    """

    Parameters: ClassVar[type[PPGNStyleParameters]] = PPGNStyleParameters

    def __init__(self, parameters: PPGNStyleParameters, wrapped: TextToImage, encoder: DAMSM) -> None:
        self.parameters = parameters
        self.wrapped = wrapped
        self.encoder = encoder
        latents = wrapped.capabilities.latents
        noisy = parameters.moves and parameters.noise_weight > 0
        self.capabilities = dataclasses.replace(
            wrapped.capabilities, latents=(*latents, STEP) if noisy else latents, bound=False, conditions=()
        )

    @classmethod
    def requirements(cls, parameters: PPGNStyleParameters) -> tuple[str, ...]:
        """Return the encoder that scores images."""
        return ("damsm",)

    @classmethod
    def build(cls, parameters: PPGNStyleParameters, context: BuildContext) -> Self:
        """Return the sampler over the model of the context; none of its weights learn.

        Raises:
            ValueError: the context holds no model.
            UserError: that model's images have no gradient; asked for "train" only.
        """
        if context.wrapped is None:
            raise ValueError("The PPGN-style sampler needs a trained model to sample from, but was given none.")
        made = cls(parameters, context.wrapped, context.encoders["damsm"])
        for network in made.exported().values():
            network.requires_grad_(False)
        if context.purpose == "train":
            made._require_gradient(context.vocabulary)
        return made

    def _require_gradient(self, vocabulary: Sequence[str]) -> None:
        """Check that an image has a gradient, where the wrapped model reads a made-up caption of the data set's words.

        Raises:
            UserError: it has none.
        """
        if not vocabulary or not self.wrapped.capabilities.any_text:
            return  # `generate` finds out
        networks = self.exported().values()
        where = next((one.device for network in networks for one in network.parameters()), None)
        caption = Caption("trial", " ".join(vocabulary[1 : 1 + _TRIAL_WORDS]))
        noise = Noise(0).bind([(caption.id, 0)], where)
        with torch.inference_mode(False), evaluating(*networks):
            first = HeldNoise(noise, self.wrapped.capabilities.latents)
            with torch.no_grad():
                self.wrapped.generate((caption,), first)
            latents = {name: latent.requires_grad_() for name, latent in first.given.items()}
            with torch.enable_grad():
                self._climbable((caption,), noise, latents)

    def exported(self) -> Mapping[str, Module]:
        """Return the wrapped model's networks, and both encoders of the score."""
        wrapped: Mapping[str, Module] = self.wrapped.exported()  # type: ignore[attr-defined]  # of PluginClass
        return {**{f"wrapped/{name}": network for name, network in wrapped.items()}, **self.encoder.exported()}

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x H x W in [-1, 1]; the wrapped model's own where no weight is above 0.

        Takes about 3 times `iterations` as long as the wrapped model. Works below torch.no_grad and inference_mode.

        Raises:
            UserError: a caption without a known word, or a wrapped model whose images have no gradient.
        """
        with torch.inference_mode(False):
            latents, _ = self.improve(captions, noise)
            return self.wrapped.generate(captions, HeldNoise(noise, (), latents), trace=trace).detach()

    def improve(self, captions: Sequence[Caption], noise: BoundNoise) -> tuple[Latents, Tensor]:
        """Return the wrapped model's latents after all iterations, and the scores on the way and after, M x N.

        Errors as `generate`.
        """
        p = self.parameters
        names = self.wrapped.capabilities.latents
        with evaluating(*self.exported().values()):
            with torch.no_grad():
                sentence = self.encoder.encode_text(captions).sentence
                first = HeldNoise(noise, names)
                images = self.wrapped.generate(captions, first)
                if not p.moves:
                    return first.given, self._match(images, sentence)[None]

            def score(latents: Latents) -> Tensor:
                return self._match(self._climbable(captions, noise, latents), sentence)

            total = sum(value[0].numel() for value in first.given.values())
            numbers = noise.draw(STEP, (p.iterations, total)) if p.noise_weight else None
            with torch.enable_grad():
                latents, scores = improved(first.given, score, p, numbers)
            with torch.no_grad():
                last = self._match(self.wrapped.generate(captions, HeldNoise(noise, names, latents)), sentence)
        return latents, torch.cat((scores, last[None]))

    def _climbable(self, captions: Sequence[Caption], noise: BoundNoise, latents: Latents) -> Tensor:
        """Return the wrapped model's images with their graph.

        Raises:
            UserError: they have none.
        """
        held = HeldNoise(noise, self.wrapped.capabilities.latents, latents, wants_gradient=True)
        made = self.wrapped.generate(captions, held)
        if not made.requires_grad:
            raise UserError(
                f"The model {self.parameters.over} gives no gradient from its images to its latents, which a "
                "PPGN-style sampler climbs along. Make one over attngan, dmgan, dfgan, stackgan_v2 or gan_int_cls."
            )
        return made

    def _match(self, images: Tensor, sentence: Tensor) -> Tensor:
        """Return the cosine between the codes of images and of sentences, N."""
        _, codes = self.encoder.encode_images(images)
        return functional.cosine_similarity(codes, sentence, dim=1)
