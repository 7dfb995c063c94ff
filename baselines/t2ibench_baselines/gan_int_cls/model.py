"""GAN-INT-CLS as a plug-in: what the training loop and the sampler see of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor

from t2ibench.core.interfaces import BoundNoise
from t2ibench.core.types import DataRequest, TrainBatch, Update
from t2ibench_baselines._reed.losses import matching_aware_loss
from t2ibench_baselines._reed.model import SingleDiscriminatorModel
from t2ibench_baselines._stackgan.modes import frozen
from t2ibench_baselines._stackgan.optimisation import with_instance_noise
from t2ibench_baselines._stackgan.sentences import sentence_codes
from t2ibench_baselines.gan_int_cls.discriminator import Discriminator
from t2ibench_baselines.gan_int_cls.generator import Generator
from t2ibench_baselines.gan_int_cls.losses import generator_loss, midpoints
from t2ibench_baselines.gan_int_cls.parameters import GANINTCLSParameters


class GANINTCLS(SingleDiscriminatorModel):
    """GAN-INT-CLS (Reed et al., ICML 2016): a conditional GAN of 64 pixels whose discriminator sees mismatched pairs.

    The paper's GAN, GAN-CLS and GAN-INT are the same with `interpolation_weight` or `mismatch_weight` 0.
    """

    Parameters: ClassVar[type[GANINTCLSParameters]] = GANINTCLSParameters
    generator: Generator
    discriminator: Discriminator | None

    @staticmethod
    def classes(parameters: GANINTCLSParameters) -> tuple[type[Generator], type[Discriminator]]:
        """Return the classes of generator and discriminator."""
        return Generator, Discriminator

    def data_request(self) -> DataRequest:
        """Return images of one resolution and, where the discriminator learns from them, wrong ones."""
        p = self.parameters
        return DataRequest((p.resolution,), p.batch_size, wrong_images=p.mismatch_weight > 0)

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the discriminator's update, then the generator's on images made anew, with latents of their own.

        Raises:
            ValueError: the model was built for "generate", or the batch has no wrong images though they were asked for.
        """
        p, discriminator = self.parameters, self.discriminator
        if discriminator is None:
            raise ValueError('This GAN-INT-CLS was built for "generate" and has no discriminator to learn from.')
        latent = noise.draw("z", (p.latent,))
        with torch.no_grad():
            sentence = sentence_codes(self.encoder, batch.captions, noise, latent, maximum=p.words_maximum)
        if p.discriminators_learn(batch.step):
            with torch.no_grad():
                fake = self.generator(latent, sentence)
            wrong = None
            if p.mismatch_weight:
                if batch.wrong_images is None:
                    raise ValueError("GAN-INT-CLS learns from wrong images, but the batch has none.")
                wrong = with_instance_noise(batch.wrong_images[p.resolution], p, batch.step, noise, "wrong"), sentence
            loss, parts = matching_aware_loss(
                discriminator,
                with_instance_noise(batch.images[p.resolution], p, batch.step, noise, "real"),
                wrong,
                with_instance_noise(fake, p, batch.step, noise, "fake"),
                sentence,
                p,
                r1_weight=p.r1_weight_at(batch.step),
            )
            yield Update("discriminator", loss, parts)
        with frozen([discriminator]):
            loss, parts = self._generator_loss(discriminator, sentence, batch.step, noise)
        yield Update("generator", loss, parts)

    def _generator_loss(
        self, discriminator: Discriminator, sentence: Tensor, step: int, noise: BoundNoise
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the generator's loss on the captions' codes and, for half as many rows, on codes in between."""
        p, count = self.parameters, len(sentence)
        latent = noise.draw("z/generator", (p.latent,))
        if p.interpolation_weight:
            between = midpoints(sentence)
            latent = torch.cat((latent, noise.draw("z/between", (p.latent,))[: len(between)]))
            sentence = torch.cat((sentence, between))
        fake: Tensor = self.generator(latent, sentence)
        noisy = [with_instance_noise(fake[:count], p, step, noise, "generator")]
        if len(fake) > count:
            noisy.append(with_instance_noise(fake[count:], p, step, noise, "between"))
        return generator_loss(discriminator, torch.cat(noisy), sentence, p, true=count)
