"""The step itself: generator once, every discriminator, then the generator on the same images; averages."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.optim import Adam

from .discriminator import ReferenceDiscriminator
from .generator import ReferenceGenerator
from .losses import discriminator_loss, generator_loss, kl_divergence, sentence_loss, words_loss

Clock = Callable[[str], AbstractContextManager[object]]


class ReferenceStep:
    """AttnGAN's or DM-GAN's training, on copies of a plug-in's weights as they are now.

    Attributes:
        image_encoder: DAMSM's, unfolded, in eval mode.

    Args:
        model: the plug-in, AttnGAN or DM-GAN with the papers' switches; its networks are copied, not touched.
        memory: True for DM-GAN: a memory in the generator, spectral normalisation in the discriminators.
        clock: gives the context in which a named phase runs.
    """

    def __init__(self, model: Any, *, memory: bool, clock: Clock = lambda phase: nullcontext()) -> None:
        p = model.parameters
        self.parameters, self.clock = p, clock
        self.text = copy.deepcopy(model.encoder.text_encoder).eval().requires_grad_(False)
        self.image_encoder = copy.deepcopy(model.encoder.image_encoder).eval().requires_grad_(False)
        self.vocabulary = model.encoder.vocabulary
        self.generator = ReferenceGenerator(
            memory=memory,
            channels=p.generator_features,
            branches=p.branches,
            base_resolution=p.base_resolution,
            residuals=p.residual_blocks,
            latent=p.latent,
            condition=p.condition,
            text_dimension=model.encoder.dimension,
        )
        self.generator.load_state_dict(model.generator.state_dict())
        self.discriminators = {}
        for resolution, discriminator in model.discriminators.items():
            own = ReferenceDiscriminator(resolution, p.discriminator_features, model.encoder.dimension, spectral=memory)
            own.load_state_dict(discriminator.state_dict())
            self.discriminators[resolution] = own
        for network in (self.generator, *self.discriminators.values(), self.image_encoder, self.text):
            network.to(memory_format=torch.contiguous_format)
        betas = (p.beta1, p.beta2)
        self.generator_adam = Adam(
            self.generator.parameters(), p.generator_learning_rate, betas, foreach=False, fused=False
        )
        self.discriminator_adams = {
            resolution: Adam(
                discriminator.parameters(), p.discriminator_learning_rate, betas, foreach=False, fused=False
            )
            for resolution, discriminator in self.discriminators.items()
        }
        self.average = [parameter.detach().clone() for parameter in self.generator.parameters()]

    def step(
        self, images: Mapping[int, Tensor], ids: Tensor, lengths: Tensor, classes: Tensor, z: Tensor, noise: Tensor
    ) -> dict[str, float]:
        """Train once and return the losses, by the optimiser's name.

        Args:
            images: side -> N x 3 x resolution x resolution in [-1, 1].
            ids: int64, N x T, padded with 0.
            lengths: int64, N.
            classes: int64, N.
            z: N x z, standard normal.
            noise: N x c, of the conditioning augmentation.
        """
        losses = {}
        with self.clock("generate"):
            with torch.no_grad():
                words, sentence = self.text(ids, lengths)
            made = self.generator(z, noise, sentence, words, ids == 0)
        for (resolution, discriminator), fake in zip(self.discriminators.items(), made.images, strict=True):
            with self.clock(f"discriminator/{resolution}"):
                discriminator.zero_grad()
                loss = discriminator_loss(discriminator, images[resolution], fake, sentence)
                loss.backward()
                self.discriminator_adams[resolution].step()
                losses[f"discriminator/{resolution}"] = float(loss.detach())
        with self.clock("generator"):
            self.generator.zero_grad()
            loss = self._generator_loss(made, words, sentence, lengths, classes)
            loss.backward()
            self.generator_adam.step()
            losses["generator"] = float(loss.detach())
            with torch.no_grad():
                for average, parameter in zip(self.average, self.generator.parameters(), strict=True):
                    average.mul_(self.parameters.ema_decay).add_(parameter, alpha=1 - self.parameters.ema_decay)
        return losses

    def _generator_loss(self, made: Any, words: Tensor, sentence: Tensor, lengths: Tensor, classes: Tensor) -> Tensor:
        p = self.parameters
        loss = torch.zeros(())
        for discriminator, fake in zip(self.discriminators.values(), made.images, strict=True):
            loss = loss + generator_loss(discriminator, fake, sentence)
        gammas = (p.gamma1, p.gamma2, p.gamma3)
        regions, codes = self.image_encoder(made.images[-1])
        matching = words_loss(regions, words, lengths.tolist(), classes, gammas)
        matching = matching + sentence_loss(codes, sentence, classes, gammas)
        return loss + p.damsm_weight * matching + kl_divergence(made.mean, made.log_variance)
