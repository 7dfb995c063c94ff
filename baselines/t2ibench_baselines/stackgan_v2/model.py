"""StackGAN-v2 as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar, Self

import torch
from torch import Tensor

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.official import KeepsOfficialNames
from t2ibench.core.types import Capabilities, Caption, DataRequest, Trace, TrainBatch, Update
from t2ibench.models.wrapping import gradients_for
from t2ibench_baselines._baseline import discriminators_for
from t2ibench_baselines._stackgan.conditioning import kl_divergence
from t2ibench_baselines._stackgan.discriminators.losses import Parts, detached, generator_loss
from t2ibench_baselines._stackgan.initialisation import initialise
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines._stackgan.optimisation import with_instance_noise
from t2ibench_baselines._stackgan.sentence_model import SentenceModel
from t2ibench_baselines._stackgan.sentences import ENCODERS, SentenceEncoder, sentence_codes, text_networks
from t2ibench_baselines.stackgan_v2 import convert
from t2ibench_baselines.stackgan_v2.discriminator import Discriminator
from t2ibench_baselines.stackgan_v2.generator import Generated, Generator
from t2ibench_baselines.stackgan_v2.losses import colour_consistency, discriminator_loss
from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters


class StackGANv2(KeepsOfficialNames, SentenceModel):
    """StackGAN-v2 (Zhang et al., StackGAN++, TPAMI 2018): stages of doubling resolution, a sentence for condition.

    The sentence code is DAMSM's unless the files of the paper's char-CNN-RNN codes are at hand (`text`).
    """

    Parameters: ClassVar[type[StackGANv2Parameters]] = StackGANv2Parameters

    recognise = staticmethod(convert.recognise)

    parameters: StackGANv2Parameters
    generator: Generator
    discriminators: dict[int, Discriminator]

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self.makes(self.parameters.resolutions, "z", "ca")

    @classmethod
    def build(cls, parameters: StackGANv2Parameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without discriminators, its generator's weights to be loaded."""
        p = parameters
        encoder: SentenceEncoder = context.encoders[ENCODERS[p.text]]
        generator = Generator(p, encoder.dimension)
        make = partial(Discriminator, width=p.discriminator_features, condition=p.condition)
        return cls(p, generator, discriminators_for(context, generator, p.resolutions, make, initialise), encoder)

    def data_request(self) -> DataRequest:
        """Return images of all resolutions, with images of other captions."""
        p = self.parameters
        return DataRequest(resolutions=p.resolutions, batch_size=p.batch_size, wrong_images=True)

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield an update a discriminator, then the generator's on the same images (made once a step).

        Raises:
            ValueError: the batch has no wrong images, which `data_request` asks for.
        """
        p = self.parameters
        if batch.wrong_images is None:
            raise ValueError("StackGAN-v2 learns from wrong images, but the batch has none.")
        made = self._generate(batch.captions, noise, p.words_maximum)
        if p.discriminators_learn(batch.step):
            for resolution, discriminator in self.discriminators.items():
                loss, parts = discriminator_loss(
                    discriminator,
                    with_instance_noise(batch.images[resolution], p, batch.step, noise, f"real/{resolution}"),
                    with_instance_noise(batch.wrong_images[resolution], p, batch.step, noise, f"wrong/{resolution}"),
                    with_instance_noise(made.images[resolution], p, batch.step, noise, f"fake/{resolution}"),
                    made.condition.mean,
                    p,
                    r1_weight=p.r1_weight_at(batch.step),
                )
                yield Update(f"discriminator/{resolution}", loss, parts)
        loss, parts = self._generator_loss(made, batch.step, noise)
        yield Update("generator", loss, parts)

    def _generator_loss(self, made: Generated, step: int, noise: BoundNoise) -> tuple[Tensor, Parts]:
        """Return the generator's loss, summed over the resolutions, and its parts."""
        p = self.parameters
        parts: Parts = {"kl_divergence": kl_divergence(made.condition)}
        loss, weight = p.kl_weight * parts["kl_divergence"], p.unconditional_weight
        with frozen(self.discriminators.values()):
            for resolution, discriminator in self.discriminators.items():
                fake = with_instance_noise(made.images[resolution], p, step, noise, f"fake/{resolution}")
                term, terms = generator_loss(discriminator, fake, made.condition.mean, p, unconditional_weight=weight)
                loss = loss + term
                parts |= {f"{name}/{resolution}": value for name, value in terms.items()}
        if p.colour_weight and p.branches > 1:
            parts["colour"] = colour_consistency(made.images)
            loss = loss + p.colour_weight * parts["colour"]
        return loss, detached(parts)

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x H x W in [-1, 1], of N captions; eval mode, noise "z" and "ca" as given.

        Raises:
            UserError: a caption without a known word, or without a code in the files.
        """
        with gradients_for(noise), evaluating(self.generator, *text_networks(self.encoder).values()):
            made = self._generate(captions, noise, self.parameters.words_maximum_generation)
        if trace is not None:
            trace.stages.update({resolution: images.float() for resolution, images in made.images.items()})
        return made.images[self.parameters.resolutions[-1]].float()

    def _generate(self, captions: Sequence[Caption], noise: BoundNoise, maximum: int | None) -> Generated:
        latent = noise.draw("z", (self.parameters.latent,))
        with torch.no_grad():
            sentence = sentence_codes(self.encoder, captions, noise, latent, maximum=maximum)
        augmentation = noise.draw("ca", (self.parameters.condition,))
        made: Generated = self.generator(latent, augmentation, sentence)
        return made
