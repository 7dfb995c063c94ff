"""Sharpened DRAW as a plug-in: a trained alignDRAW, whose images an adversarial network sharpens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal, Self

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import Module
from torch.nn import functional as F
from torch.optim import Adam, Optimizer

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import Caption, Trace, TrainBatch, Update
from t2ibench.models.wrapping import WrapsModel
from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines.aligndraw.film import shown, to_values
from t2ibench_baselines.aligndraw.model import AlignDRAW
from t2ibench_baselines.aligndraw.sharpener import Discriminator, Sharpener, blurred

_MARGIN = 1 / 512
"""Half a grey level: sharpened values keep so far from 0 and 1, where a Bernoulli mean would exclude others."""


class SharpenedDRAWParameters(Frozen):
    """Everything that can change a sharpened alignDRAW.

    Attributes:
        over: the trained alignDRAW, or skipthoughtDRAW, that draws, as on the command line; its weights stay.
        over_identity: digest of that model; it is filled in when training begins.
        resolution: of its images.
        channels: of its images, 3 or 1.
        batch_size: images a batch.
        features: channels of the sharpener's inner layers, 128 in the paper.
        discriminator_features: channels of the first layer of its discriminator.
        learning_rate: of both (Adam, beta1 0.5).
    """

    over: str = "aligndraw"
    over_identity: str = ""
    resolution: int = Field(default=32, ge=8)
    channels: Literal[1, 3] = 3
    batch_size: int = Field(default=100, ge=1)
    features: int = Field(default=128, ge=1)
    discriminator_features: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=2e-4, gt=0)


class SharpenedDRAW(Baseline, WrapsModel):
    """alignDRAW with the sharpener that the paper adds to it, after LAPGAN (Mansimov et al., ICLR 2016, section 3.2).

    It learns on real images alone: to undo a blur, so that a discriminator cannot tell. Its bound is the drawer's with
    the sharpened reconstruction in the place of the drawer's own, as the paper's column "after sharpening" has it.
    """

    Parameters: ClassVar[type[SharpenedDRAWParameters]] = SharpenedDRAWParameters
    bound_of = staticmethod(AlignDRAW.bound_of)

    def __init__(
        self,
        parameters: SharpenedDRAWParameters,
        wrapped: AlignDRAW,
        sharpener: Sharpener,
        discriminator: Discriminator | None,
    ) -> None:
        self.parameters = parameters
        self.wrapped = wrapped
        self.sharpener = sharpener
        self.discriminator = discriminator
        self.capabilities = wrapped.capabilities

    @classmethod
    def build(cls, parameters: SharpenedDRAWParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without a discriminator, the sharpener's weights to be loaded.

        Raises:
            UserError: the model of the context is no alignDRAW, or draws other images than the parameters say.
        """
        p, wrapped = parameters, context.wrapped
        if not isinstance(wrapped, AlignDRAW):
            raise UserError(f"The model {p.over} is no alignDRAW, whose blurred images a sharpener is for: set over=.")
        drawn = wrapped.parameters
        if (drawn.resolution, drawn.channels) != (p.resolution, p.channels):
            raise UserError(
                f"The model {p.over} draws {AlignDRAW.bound_of(drawn)}, the sharpener {cls.bound_of(p)}: set "
                f"resolution={drawn.resolution} and channels={drawn.channels}."
            )
        for network in wrapped.exported().values():
            network.requires_grad_(False)
        code = 2 * drawn.language_features
        sharpener = Sharpener(p.channels, p.resolution, code, p.features)
        if context.purpose != "train":
            return cls(p, wrapped, sharpener, None)
        return cls(p, wrapped, sharpener, Discriminator(p.channels, p.resolution, code, p.discriminator_features))

    def exported(self) -> Mapping[str, Module]:
        """Return the sharpener and the wrapped model's networks."""
        wrapped = {f"wrapped/{name}": network for name, network in self.wrapped.exported().items()}
        return {"sharpener": self.sharpener, **wrapped}

    def networks(self) -> Mapping[str, Module]:
        """Return the sharpener and, in training, its discriminator."""
        found: dict[str, Module] = {"sharpener": self.sharpener}
        return found if self.discriminator is None else {**found, "discriminator": self.discriminator}

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return the wrapped model's networks."""
        return self.wrapped.exported()

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return an Adam each."""
        rate = self.parameters.learning_rate
        return {name: Adam(one.parameters(), rate, betas=(0.5, 0.999)) for name, one in self.networks().items()}

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return nothing: rates stay."""
        return {}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the discriminator's update, then the sharpener's, on real images that were blurred.

        Raises:
            ValueError: the model was built for "generate".
        """
        p, discriminator = self.parameters, self.discriminator
        if discriminator is None:
            raise ValueError('This model was built for "generate" and has no discriminator to learn from.')
        values = to_values(batch.images[p.resolution], p.channels)
        code = self._code(batch.captions, noise)
        blurry = blurred(values)
        plane = noise.draw("sharpener", (1, p.resolution, p.resolution))
        sharp = self.sharpener(blurry, code, torch.erf(plane / math.sqrt(2)))  # normal to uniform in [-1, 1]
        real, fake = discriminator(blurry, values, code), discriminator(blurry, sharp.detach(), code)
        loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        yield Update("discriminator", loss, {"real": real.mean().detach(), "fake": fake.mean().detach()})
        with frozen([discriminator]):
            loss = F.softplus(-discriminator(blurry, sharp, code)).mean()
        yield Update("sharpener", loss, {"change": (sharp - blurry).abs().mean().detach()})

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x resolution x resolution in [-1, 1]: the wrapped model's, sharpened.

        The trace gets what the wrapped model shows, with the sharpened images as its last stage.

        Raises:
            UserError: a caption without a known word.
        """
        with torch.no_grad(), evaluating(self.sharpener):
            drawn = self.wrapped.generate(captions, noise, trace=trace)
            values = to_values(drawn, self.parameters.channels)
            sharp = self.sharpener(values, self._code(captions, noise)).clamp(0, 1)
        return shown(sharp, trace, self.parameters.resolution)

    def bound(self, captions: Sequence[Caption], images: Tensor, noise: BoundNoise) -> Tensor:
        """Return a draw of the lower bound on log p(image | caption) in nats, N, float32; see `HasBound`."""
        values = to_values(images, self.parameters.channels)
        with torch.no_grad(), evaluating(self.sharpener, self.wrapped.drawer):
            words, drawn = self.wrapped.reconstructed(captions, values, noise)
            sharp = self.sharpener(drawn.logits.sigmoid(), words.mean).clamp(_MARGIN, 1 - _MARGIN)
            missed = F.binary_cross_entropy(sharp, values, reduction="none").flatten(1).sum(dim=1)
            bounds: Tensor = -(missed + drawn.kl_divergence)
        return bounds.float()

    def _code(self, captions: Sequence[Caption], noise: BoundNoise) -> Tensor:
        """Return the mean word states, N x d, without a graph."""
        with torch.no_grad():
            return self.wrapped.read(captions, noise)[0].mean
