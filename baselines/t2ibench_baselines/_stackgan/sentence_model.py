"""What models that are conditioned on one sentence code have in common as plug-ins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.nn import Module

from t2ibench_baselines._baseline import Baseline
from t2ibench_baselines._stackgan.sentences import ENCODERS, SentenceEncoder, text_networks


class SentenceModel(Baseline):
    """Base of models whose captions are read by the encoder that the parameter `text` names.

    Attributes:
        generator: makes the images.
        encoder: reads the captions.
    """

    generator: Module
    encoder: SentenceEncoder

    @classmethod
    def requirements(cls, parameters: Any) -> tuple[str, ...]:
        """Return the encoder it reads captions with."""
        return (ENCODERS[parameters.text],)

    def exported(self) -> Mapping[str, Module]:
        """Return the generator with all it holds, and the text encoder if it has one."""
        return {"generator": self.generator, **text_networks(self.encoder)}

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return the text encoder, if it has one."""
        return text_networks(self.encoder)
