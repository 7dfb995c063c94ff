"""GAWWN as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import BoundNoise
from t2ibench.core.reading.part_table import PartTable
from t2ibench.core.types import Capabilities, Caption, DataRequest, Trace, TrainBatch, Update
from t2ibench.models.conditions import Conditions
from t2ibench.models.wrapping import gradients_for
from t2ibench_baselines._reed.losses import matching_aware_loss
from t2ibench_baselines._reed.model import NetworkClass, SingleDiscriminatorModel
from t2ibench_baselines._stackgan.discriminators.losses import Parts
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines._stackgan.optimisation import with_instance_noise
from t2ibench_baselines._stackgan.sentences import sentence_codes, text_networks
from t2ibench_baselines.gawwn.discriminator import Discriminator
from t2ibench_baselines.gawwn.generator import Generator
from t2ibench_baselines.gawwn.keypoints import KeypointDiscriminator, KeypointGenerator
from t2ibench_baselines.gawwn.parameters import GAWWNParameters


class GAWWN(SingleDiscriminatorModel):
    """GAWWN (Reed et al., NIPS 2016): a GAN that is told what to draw and where, by a box or by keypoints of parts.

    Where neither is given, `generate` draws one of the training set's (latent "box" or "keypoints"), so that it can
    stand beside models that know neither.
    """

    Parameters: ClassVar[type[GAWWNParameters]] = GAWWNParameters
    generator: Generator | KeypointGenerator
    discriminator: Discriminator | None

    @classmethod
    def with_files(cls, parameters: GAWWNParameters, root: Path) -> GAWWNParameters:
        """Return the parameters with names and digests of the tables of parts, for keypoints.

        Raises:
            UserError: the data set has none.
        """
        if parameters.condition == "box":
            return parameters
        table = PartTable(root)
        return parameters.model_copy(
            update={"parts": table.names, "digests": tuple(digest_of_file(file) for file in table.files)}
        )

    @staticmethod
    def classes(parameters: GAWWNParameters) -> tuple[NetworkClass, NetworkClass]:
        """Return the classes of generator and discriminator: those that are told of boxes, or of keypoints."""
        if parameters.condition == "box":
            return Generator, Discriminator
        return KeypointGenerator, KeypointDiscriminator

    @property
    def capabilities(self) -> Capabilities:
        """What it can do: it knows boxes, or keypoints."""
        p = self.parameters
        told = (p.condition,)
        return replace(super().capabilities, latents=("z", *told), conditions=told, keypoints=p.parts)

    def data_request(self) -> DataRequest:
        """Return images of one resolution with the boxes, or keypoints, of what they show."""
        p = self.parameters
        boxed = p.condition == "box"
        return DataRequest((p.resolution,), p.batch_size, boxes=boxed, keypoints=not boxed, whole=p.images == "whole")

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the discriminator's update, then the generator's on the same images, scored anew.

        Raises:
            ValueError: the model was built for "generate", or the batch lacks the boxes or keypoints asked for.
        """
        p, discriminator = self.parameters, self.discriminator
        if discriminator is None:
            raise ValueError('This GAWWN was built for "generate" and has no discriminator to learn from.')
        boxes = batch.boxes if p.condition == "box" else batch.keypoints
        if boxes is None:
            raise ValueError(f"This GAWWN learns from {p.condition}, but the batch has none.")
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
            noise: without conditions, latent "box" or "keypoints" says which of the training set's is taken.
            trace: is told the boxes or keypoints.
            conditions: N boxes or keypoints, or None.

        Raises:
            UserError: a caption without a known word, or without a code in the files.
        """
        p = self.parameters
        latent = noise.draw("z", (p.latent,))
        with gradients_for(noise), evaluating(self.generator, *text_networks(self.encoder).values()):
            sentence = sentence_codes(self.encoder, captions, noise, latent, maximum=p.words_maximum_generation)
            given = None
            if conditions is not None:
                given = conditions.boxes if p.condition == "box" else conditions.keypoints
            boxes = self.generator.prior(noise.draw(p.condition, (1,))) if given is None else given.to(latent)
            images: Tensor = self.generator(latent, sentence, boxes)
        if trace is not None:
            trace.stages[p.resolution] = images.float()
            setattr(trace, "boxes" if p.condition == "box" else "keypoints", boxes.float())
        return images.float()


def discriminator_loss(
    discriminator: Discriminator,
    real: Tensor,
    fake: Tensor,
    sentence: Tensor,
    boxes: Tensor,
    parameters: GAWWNParameters,
    *,
    r1_weight: float = 0.0,
) -> tuple[Tensor, Parts]:
    """Return the discriminator's loss, a scalar with a graph, and its parts.

    Real images with their sentences against real ones with another's sentence, weighted w, and fakes, weighted 1 - w;
    the boxes are the images' own in all three. The other sentence is that of the next image in the batch; the
    official code shuffles the sentences, and some meet their own image then.

    Args:
        discriminator: the discriminator.
        real: N x 3 x resolution x resolution, images of the captions.
        fake: the generator's images, N x 3 x resolution x resolution; no gradient reaches them.
        sentence: N x D sentence codes.
        boxes: N x 4.
        parameters: how logits are scored, and w.
        r1_weight: weight of the gradient penalty on the real images.
    """
    return matching_aware_loss(
        lambda images, codes: discriminator(images, codes, boxes),
        real,
        (real, sentence.roll(-1, dims=0)) if parameters.mismatch_weight else None,
        fake,
        sentence,
        parameters,
        r1_weight=r1_weight,
    )
