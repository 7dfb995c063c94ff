"""What models that are conditioned on one sentence code have in common as plug-ins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from t2ibench.core.interfaces import BoundNoise
from t2ibench.core.types import Capabilities, Caption, Trace
from t2ibench.models.wrapping import gradients_for
from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._stackgan.modes import evaluating
from t2ibench_baselines._stackgan.optimisation import adam_optimizers
from t2ibench_baselines._stackgan.sentences import ENCODERS, SentenceEncoder, sentence_codes, text_networks


class SentenceModel(Baseline):
    """Base of models whose captions are read by the encoder that the parameter `text` names.

    As it stands, its generator makes one image of a latent "z" and the sentence.

    Attributes:
        parameters: all that can change a result.
        generator: makes the images.
        discriminators: resolution, or name of the network, -> discriminator; empty where images are only made.
        encoder: reads the captions.
    """

    def __init__(
        self, parameters: Any, generator: Any, discriminators: Mapping[Any, Any], encoder: SentenceEncoder
    ) -> None:
        self.parameters = parameters
        self.generator = generator
        self.discriminators = dict(discriminators)
        self.encoder = encoder

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self.makes((self.parameters.resolution,), "z")

    def makes(self, resolutions: tuple[int, ...], *latents: str) -> Capabilities:
        """Return that images of these resolutions come of a sentence and these latents."""
        any_text = self.parameters.text == "damsm"
        return Capabilities(resolutions[-1], resolutions, frozenset({"sentence"}), latents, any_text=any_text)

    @classmethod
    def requirements(cls, parameters: Any) -> tuple[str, ...]:
        """Return the encoder it reads captions with."""
        return (ENCODERS[parameters.text],)

    def networks(self) -> Mapping[str, Module]:
        """Return the generator and the discriminators, "discriminator/<resolution>" where there is one a resolution."""
        named = {
            f"discriminator/{key}" if isinstance(key, int) else key: one for key, one in self.discriminators.items()
        }
        return {"generator": self.generator, **named}

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return one Adam a network."""
        return adam_optimizers(self.networks(), self.parameters)

    def exported(self) -> Mapping[str, Module]:
        """Return the generator with all it holds, and the text encoder if it has one."""
        return {"generator": self.generator, **text_networks(self.encoder)}

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return the text encoder, if it has one."""
        return text_networks(self.encoder)

    def generate(self, captions: Sequence[Caption], noise: BoundNoise, *, trace: Trace | None = None) -> Tensor:
        """Return float32 images, N x 3 x R x R in [-1, 1], of N captions; eval mode, noise "z" as given.

        Raises:
            UserError: a caption without a known word, or without a code in the files.
        """
        p, latent = self.parameters, self._latent(noise)
        with gradients_for(noise), evaluating(self.generator, *text_networks(self.encoder).values()):
            sentence = sentence_codes(self.encoder, captions, noise, latent, maximum=p.words_maximum_generation)
            images: Tensor = self.generator(latent, sentence)
        if trace is not None:
            trace.stages[p.resolution] = images.float()
        return images.float()

    def _latent(self, noise: BoundNoise) -> Tensor:
        """Return the latent that images are made of, N x z."""
        return noise.draw("z", (self.parameters.latent,))
