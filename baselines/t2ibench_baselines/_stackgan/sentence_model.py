"""What models that are conditioned on one sentence code have in common as plug-ins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.nn import Module
from torch.optim import Optimizer

from t2ibench.core.types import Capabilities
from t2ibench_baselines._baseline import Baseline, with_discriminators
from t2ibench_baselines._stackgan.optimisation import adam_optimizers
from t2ibench_baselines._stackgan.sentences import ENCODERS, SentenceEncoder, text_networks


class SentenceModel(Baseline):
    """Base of models whose captions are read by the encoder that the parameter `text` names.

    Attributes:
        parameters: all that can change a result.
        generator: makes the images.
        discriminators: resolution -> discriminator; empty where images are only made.
        encoder: reads the captions.
    """

    def __init__(
        self, parameters: Any, generator: Any, discriminators: Mapping[int, Any], encoder: SentenceEncoder
    ) -> None:
        self.parameters = parameters
        self.generator = generator
        self.discriminators = dict(discriminators)
        self.encoder = encoder

    def makes(self, resolutions: tuple[int, ...], *latents: str) -> Capabilities:
        """Return that images of these resolutions come of a sentence and these latents."""
        any_text = self.parameters.text == "damsm"
        return Capabilities(resolutions[-1], resolutions, frozenset({"sentence"}), latents, any_text=any_text)

    @classmethod
    def requirements(cls, parameters: Any) -> tuple[str, ...]:
        """Return the encoder it reads captions with."""
        return (ENCODERS[parameters.text],)

    def networks(self) -> Mapping[str, Module]:
        """Return the generator and a discriminator a resolution."""
        return with_discriminators(self.generator, self.discriminators)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return one Adam a network."""
        return adam_optimizers(self.networks(), self.parameters)

    def exported(self) -> Mapping[str, Module]:
        """Return the generator with all it holds, and the text encoder if it has one."""
        return {"generator": self.generator, **text_networks(self.encoder)}

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return the text encoder, if it has one."""
        return text_networks(self.encoder)
