"""GAWWN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar, Self

import torch
from torch import Tensor

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.types import Caption, DataRequest, Trace, TrainBatch, Update
from t2ibench.models.conditions import Conditions
from t2ibench.models.wrapping import gradients_for
from t2ibench_baselines._reed.model import SingleDiscriminatorModel
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines._stackgan.optimisation import with_instance_noise
from t2ibench_baselines._stackgan.sentences import ENCODERS, SentenceEncoder, sentence_codes, text_networks
from t2ibench_baselines.gawwn.discriminator import Discriminator
from t2ibench_baselines.gawwn.generator import Generator
from t2ibench_baselines.gawwn.losses import discriminator_loss
from t2ibench_baselines.gawwn.parameters import GAWWNParameters


class GAWWN(SingleDiscriminatorModel):
    """GAWWN with bounding boxes (Reed et al., NIPS 2016): a GAN that is told what to draw and where.

    Without a box given, `generate` draws one of the training set's (latent "box"), so that it can stand beside models
    that know no boxes.
    """

    Parameters: ClassVar[type[GAWWNParameters]] = GAWWNParameters
    generator: Generator
    discriminator: Discriminator | None
    latents = ("z", "box")
    conditions = ("box",)

    @classmethod
    def build(cls, parameters: GAWWNParameters, context: BuildContext) -> Self:
        """Return the model; for "generate" without a discriminator, its generator's weights to be loaded."""
        p = parameters
        encoder: SentenceEncoder = context.encoders[ENCODERS[p.text]]
        generator = Generator(
            resolution=p.resolution,
            features=p.generator_features,
            latent=p.latent,
            text_dimension=encoder.dimension,
            boxes=p.remembered_boxes,
        )
        make = partial(
            Discriminator,
            features=p.discriminator_features,
            text_dimension=encoder.dimension,
            normalised_verdict=p.normalised_verdict,
        )
        return cls.built(p, generator, make, encoder, context)

    def data_request(self) -> DataRequest:
        """Return images of one resolution with the boxes of what they show."""
        p = self.parameters
        return DataRequest((p.resolution,), p.batch_size, boxes=True, whole=p.images == "whole")

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the discriminator's update, then the generator's on the same images, scored anew.

        Raises:
            ValueError: the model was built for "generate", or the batch has no boxes though they were asked for.
        """
        p, discriminator = self.parameters, self.discriminator
        if discriminator is None:
            raise ValueError('This GAWWN was built for "generate" and has no discriminator to learn from.')
        if batch.boxes is None:
            raise ValueError("GAWWN learns from boxes, but the batch has none.")
        boxes = batch.boxes
        self.generator.prior.remember(batch.together(boxes))  # of all processes, so that they remember what one would
        latent = noise.draw("z", (p.latent,))
        with torch.no_grad():
            sentence = sentence_codes(self.encoder, batch.captions, noise, latent, maximum=p.words_maximum)
        fake: Tensor = self.generator(latent, sentence, boxes)
        if p.discriminators_learn(batch.step):
            loss, parts = discriminator_loss(
                discriminator,
                with_instance_noise(batch.images[p.resolution], p, batch.step, noise, "real"),
                with_instance_noise(fake, p, batch.step, noise, "fake"),
                sentence,
                boxes,
                p,
                mismatch_weight=p.mismatch_weight,
                r1_weight=p.r1_weight_at(batch.step),
            )
            yield Update("discriminator", loss, parts)
        with frozen([discriminator]):
            seen = with_instance_noise(fake, p, batch.step, noise, "generator")
            loss = p.generator_loss(discriminator(seen, sentence, boxes))
        yield Update("generator", loss, {"adversarial": loss.detach()})

    def generate(
        self,
        captions: Sequence[Caption],
        noise: BoundNoise,
        *,
        trace: Trace | None = None,
        conditions: Conditions | None = None,
    ) -> Tensor:
        """Return float32 images, N x 3 x R x R in [-1, 1], of N captions; eval mode, noise "z" as given.

        Args:
            captions: N of them.
            noise: without boxes, latent "box" says which of the training set's is taken.
            trace: is told the boxes.
            conditions: N boxes, or None.

        Raises:
            UserError: a caption without a known word, or without a code in the files.
        """
        p = self.parameters
        latent = noise.draw("z", (p.latent,))
        with gradients_for(noise), evaluating(self.generator, *text_networks(self.encoder).values()):
            sentence = sentence_codes(self.encoder, captions, noise, latent, maximum=p.words_maximum_generation)
            given = None if conditions is None else conditions.boxes
            boxes = self.generator.prior(noise.draw("box", (1,))) if given is None else given.to(latent)
            images: Tensor = self.generator(latent, sentence, boxes)
        if trace is not None:
            trace.stages[p.resolution] = images.float()
            trace.boxes = boxes.float()
        return images.float()
