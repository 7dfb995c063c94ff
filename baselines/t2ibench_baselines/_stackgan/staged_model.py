"""What AttnGAN and DM-GAN do alike as plug-ins: what the training loop and the sampler see of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import Module

from t2ibench.core.interfaces import BoundNoise
from t2ibench.core.official import KeepsOfficialNames
from t2ibench.core.types import (
    AttentionMap,
    Capabilities,
    Caption,
    DataRequest,
    GateMap,
    Trace,
    TrainBatch,
    Update,
)
from t2ibench.models.wrapping import gradients_for
from t2ibench.text.damsm import DAMSM, TextCodes, sentence_loss, words_loss
from t2ibench_baselines._stackgan.conditioning import kl_divergence
from t2ibench_baselines._stackgan.discriminators.losses import Parts, detached, discriminator_loss, generator_loss
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines._stackgan.modes import evaluating, frozen
from t2ibench_baselines._stackgan.optimisation import with_instance_noise
from t2ibench_baselines._stackgan.sentence_model import SentenceModel
from t2ibench_baselines._stackgan.staged_generator import Generated, StagedGenerator
from t2ibench_baselines._stackgan.staged_parameters import StagedParameters


class StagedModel(KeepsOfficialNames, SentenceModel):
    """A generator of stages, a discriminator a resolution, and DAMSM's encoders, which are taught elsewhere.

    Attributes:
        encoder: reads captions; teaches the generator where `damsm_weight` is not 0.
    """

    parameters: StagedParameters
    generator: StagedGenerator
    discriminators: dict[int, SentenceDiscriminator]
    encoder: DAMSM

    def __init__(
        self,
        parameters: StagedParameters,
        generator: StagedGenerator,
        discriminators: Mapping[int, SentenceDiscriminator],
        encoder: DAMSM,
    ) -> None:
        super().__init__(parameters, generator, discriminators, encoder)
        self._teacher: Module | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        p = self.parameters
        uses = frozenset({"sentence", "words"}) if p.attends else frozenset({"sentence"})
        return replace(self.makes(p.image_resolutions, "z", "ca"), uses=uses, attention=p.attends)

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return the text encoder and, where its losses count, the image encoder, its batch norms folded.

        From the first call on that copy teaches; before, and without a training engine, the encoder itself does.
        """
        networks: dict[str, Module] = {"text_encoder": self.encoder.text_encoder}
        if self.parameters.damsm_weight:
            self._teacher = self._teacher or self.encoder.teacher()
            networks["image_encoder"] = self._teacher
        return networks

    def data_request(self) -> DataRequest:
        """Return images of all resolutions that have a discriminator."""
        return DataRequest(resolutions=self.parameters.image_resolutions, batch_size=self.parameters.batch_size)

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield an update a discriminator, then the generator's on the same images (made once a step)."""
        p = self.parameters
        with torch.no_grad():
            codes = self.encoder.encode_text(batch.captions, maximum=p.words_maximum, noise=noise)
        made = self._generate(codes, noise)
        if p.discriminators_learn(batch.step):
            for resolution, discriminator in self.discriminators.items():
                loss, parts = discriminator_loss(
                    discriminator,
                    with_instance_noise(batch.images[resolution], p, batch.step, noise, f"real/{resolution}"),
                    with_instance_noise(made.images[resolution], p, batch.step, noise, f"fake/{resolution}"),
                    codes.sentence,
                    p,
                    r1_weight=p.r1_weight_at(batch.step),
                )
                yield Update(f"discriminator/{resolution}", loss, parts)
        loss, parts = self._generator_loss(made, codes, batch, noise)
        yield Update("generator", loss, parts)

    def _generator_loss(
        self, made: Generated, codes: TextCodes, batch: TrainBatch, noise: BoundNoise
    ) -> tuple[Tensor, Parts]:
        """Return the generator's loss (AttnGAN, equation 4) and its parts.

        The discriminators' terms are summed over the resolutions; the DAMSM terms are made of the last image; the
        KL divergence of the conditioning augmentation is in the official code, not in the equation.
        """
        p = self.parameters
        parts: Parts = {"kl_divergence": kl_divergence(made.condition)}
        loss = p.kl_weight * parts["kl_divergence"]
        with frozen(self.discriminators.values()):
            for resolution, discriminator in self.discriminators.items():
                fake = with_instance_noise(made.images[resolution], p, batch.step, noise, f"fake/{resolution}")
                term, terms = generator_loss(discriminator, fake, codes.sentence, p)
                loss = loss + term
                parts |= {f"{name}/{resolution}": value for name, value in terms.items()}
        if p.damsm_weight:
            teacher = self._teacher or self.encoder.image_encoder
            with frozen([teacher]):
                regions, images = teacher(made.images[p.resolutions[-1]])
            classes = batch.together(batch.class_ids)
            read, padding = batch.together(codes.words, fill=0), batch.together(codes.padding, fill=1)
            words = words_loss(batch.together(regions), read, padding, classes, p.gammas)
            sentences = sentence_loss(batch.together(images), batch.together(codes.sentence), classes, p.gammas)
            parts |= {f"words/{name}": value for name, value in words._asdict().items()}
            parts |= {f"sentence/{name}": value for name, value in sentences._asdict().items()}
            loss = loss + p.damsm_weight * (words.total + sentences.total)
        return loss, detached(parts)

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x H x W in [-1, 1], of N captions; eval mode, noise "z" and "ca" as given.

        An image depends on its caption and noise alone, unless `official_mask` is set.

        Raises:
            UserError: a caption without a known word.
        """
        with gradients_for(noise), evaluating(self.generator, self.encoder.text_encoder):
            codes = self.encoder.encode_text(captions, maximum=self.parameters.words_maximum_generation, noise=noise)
            made = self._generate(codes, noise)
        if trace is not None:
            trace.stages.update({resolution: images.float() for resolution, images in made.images.items()})
            for resolution, weights in made.attention.items():
                trace.attention.append(AttentionMap(resolution, codes.text, weights.float()))
            for resolution, gates in made.gates.items():
                for name, values in gates.items():
                    words = codes.text if values.ndim == 2 else ()
                    trace.gates.append(GateMap(name, resolution, values.float(), words))
        return made.images[self.parameters.resolutions[-1]].float()

    def _generate(self, codes: TextCodes, noise: BoundNoise) -> Generated:
        latent = noise.draw("z", (self.parameters.latent,))
        augmentation = noise.draw("ca", (self.parameters.condition,))
        made: Generated = self.generator(latent, augmentation, codes.sentence, codes.words, codes.padding)
        return made
