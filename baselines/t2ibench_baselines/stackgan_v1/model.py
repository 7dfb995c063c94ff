"""StackGAN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.optim import Adam, Optimizer

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.official import KeepsOfficialNames
from t2ibench.core.types import Capabilities, Caption, DataRequest, Phase, Trace, TrainBatch, Update
from t2ibench.models.wrapping import gradients_for
from t2ibench_baselines._baseline import discriminators_for
from t2ibench_baselines._stackgan.conditioning import kl_divergence
from t2ibench_baselines._stackgan.discriminators.losses import detached, discriminator_loss, generator_loss
from t2ibench_baselines._stackgan.initialisation import initialise_stackgan
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines._stackgan.optimisation import halvings, with_instance_noise
from t2ibench_baselines._stackgan.sentence_model import SentenceModel
from t2ibench_baselines._stackgan.sentences import ENCODERS, SentenceEncoder, sentence_codes, text_networks
from t2ibench_baselines.stackgan_v1 import convert
from t2ibench_baselines.stackgan_v1.discriminator import Discriminator
from t2ibench_baselines.stackgan_v1.generator import Generated, StageOne, StageTwo
from t2ibench_baselines.stackgan_v1.parameters import StackGANv1Parameters

PHASES = ("stage1", "stage2")


class StackGANv1(KeepsOfficialNames, SentenceModel):
    """StackGAN (Zhang et al., ICCV 2017): a small image of a sentence, then a larger one of both.

    The stages are two phases of training, with batches, optimisers and learning rates of their own. Until the second
    one has begun, images are the first stage's.
    """

    Parameters: ClassVar[type[StackGANv1Parameters]] = StackGANv1Parameters

    recognise = staticmethod(convert.recognise)
    parameters: StackGANv1Parameters
    generator: StageOne | StageTwo
    discriminators: dict[int, Discriminator]

    @classmethod
    def build(cls, parameters: StackGANv1Parameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without discriminators, its generator's weights to be loaded."""
        p = parameters
        encoder: SentenceEncoder = context.encoders[ENCODERS[p.text]]
        generator: StageOne | StageTwo = (StageOne if p.stages == 1 else StageTwo)(p, encoder.dimension)

        def make(resolution: int) -> Discriminator:
            unconditional = resolution != p.base_resolution
            return Discriminator(resolution, p.discriminator_features, p.condition, unconditional=unconditional)

        return cls(
            p, generator, discriminators_for(context, generator, p.resolutions, make, initialise_stackgan), encoder
        )

    @property
    def capabilities(self) -> Capabilities:
        """What it can do now: the second stage's images once that has begun to learn, before that the first's."""
        resolutions = self.parameters.resolutions
        if self._second is None:
            return self.makes(resolutions[:1], "z", "ca")
        return self.makes(resolutions, "z", "ca", "ca2")

    @property
    def _first(self) -> StageOne:
        return self.generator.STAGE1_G if isinstance(self.generator, StageTwo) else self.generator

    @property
    def _second(self) -> StageTwo | None:
        """The second stage, if there is one and it has begun to learn."""
        return self.generator if isinstance(self.generator, StageTwo) and self.generator.begun else None

    def data_request(self) -> DataRequest:
        """Return what either stage's batches hold; `curriculum` has each one's own."""
        p = self.parameters
        return DataRequest(resolutions=p.resolutions, batch_size=p.batch_size)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return an Adam a stage for its part of the generator, and one for its discriminator."""
        p = self.parameters
        first = {id(parameter) for parameter in self._first.parameters()}
        parts = {
            f"generator/{resolution}": [
                one for one in self.generator.parameters() if (id(one) in first) == (stage == 0)
            ]
            for stage, resolution in enumerate(p.resolutions)
        }
        parts |= {
            f"discriminator/{resolution}": list(discriminator.parameters())
            for resolution, discriminator in self.discriminators.items()
        }
        rates = self._base_rates()
        return {name: Adam(own, lr=rates[name], betas=(p.beta1, p.beta2), fused=True) for name, own in parts.items()}

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return the rates of this step of a stage: halved every so many epochs of the stage."""
        share = 0.5 ** halvings(step, steps_per_epoch, self.parameters.halving_epochs)
        return {name: rate * share for name, rate in self._base_rates().items()}

    def _base_rates(self) -> dict[str, float]:
        p = self.parameters
        rates = {f"generator/{resolution}": p.generator_learning_rate for resolution in p.resolutions}
        return rates | {f"discriminator/{resolution}": p.discriminator_learning_rate for resolution in p.resolutions}

    def curriculum(self) -> Sequence[Phase]:
        """Return a phase a stage, with batches of its own size and images of its own resolution."""
        p = self.parameters
        shares = (1.0,) if p.stages == 1 else (p.stage1_share, 1 - p.stage1_share)
        return tuple(
            Phase(name, share, DataRequest((resolution,), batch_size))
            for name, share, resolution, batch_size in zip(PHASES, shares, p.resolutions, p.batch_sizes, strict=False)
        )

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the update of the stage's discriminator, then its generator's on the same images."""
        p = self.parameters
        stage = PHASES.index(batch.phase)
        resolution = p.resolutions[stage]
        made = self._generate(batch.captions, noise, stage, p.words_maximum)
        discriminator, condition = self.discriminators[resolution], made.condition.mean.detach()
        fake = with_instance_noise(made.images, p, batch.step, noise, f"fake/{resolution}")
        if p.discriminators_learn(batch.step):
            loss, parts = discriminator_loss(
                discriminator,
                with_instance_noise(batch.images[resolution], p, batch.step, noise, f"real/{resolution}"),
                fake,
                condition,
                p,
                r1_weight=p.r1_weight_at(batch.step),
            )
            yield Update(f"discriminator/{resolution}", loss, parts)
        with frozen([discriminator]):
            loss, terms = generator_loss(discriminator, fake, condition, p)
        terms["kl_divergence"] = kl_divergence(made.condition)
        yield Update(f"generator/{resolution}", loss + p.kl_weight * terms["kl_divergence"], detached(terms))

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x H x W in [-1, 1], of N captions; eval mode, noise as given.

        The second stage's images, or the first's as long as the second has not begun to learn.

        Raises:
            UserError: a caption without a known word, or without a code in the files.
        """
        p = self.parameters
        stage = 0 if self._second is None else 1
        with gradients_for(noise), evaluating(self.generator, *text_networks(self.encoder).values()):
            made = self._generate(captions, noise, stage, p.words_maximum_generation)
        if trace is not None:
            if made.below is not None:
                trace.stages[p.resolutions[0]] = made.below.float()
            trace.stages[p.resolutions[stage]] = made.images.float()
        return made.images.float()

    def _generate(self, captions: Sequence[Caption], noise: BoundNoise, stage: int, maximum: int | None) -> Generated:
        """Return what a stage (0 or 1) makes of captions."""
        p = self.parameters
        latent, augmentation = noise.draw("z", (p.latent,)), noise.draw("ca", (p.condition,))
        with torch.no_grad():
            sentence = sentence_codes(self.encoder, captions, noise, latent, maximum=maximum)
        made: Generated
        if stage == 0:
            made = self._first(latent, augmentation, sentence)
        else:
            made = self.generator(latent, augmentation, noise.draw("ca2", (p.condition,)), sentence)
        return made
