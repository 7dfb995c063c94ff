"""What GAN-INT-CLS and GAWWN have in common as plug-ins: one generator against one discriminator."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self

from torch.nn import Module

from t2ibench.core.interfaces import BuildContext
from t2ibench_baselines._baseline import discriminators_for
from t2ibench_baselines._stackgan.initialisation import initialise_reed
from t2ibench_baselines._stackgan.optimisation import halvings
from t2ibench_baselines._stackgan.sentence_model import SentenceModel
from t2ibench_baselines._stackgan.sentences import ENCODERS, SentenceEncoder

NetworkClass = Callable[[Any, int], Module]
"""Makes a network of parameters and the dimension of the sentence codes."""


class SingleDiscriminatorModel(SentenceModel):
    """Base of models of two networks, each with an Adam whose rate is halved every `halving_epochs` (0: never).

    Args:
        parameters: of the model.
        generator: makes the images.
        discriminator: None in a model that is built for "generate".
        encoder: reads the captions.
    """

    def __init__(
        self, parameters: Any, generator: Module, discriminator: Module | None, encoder: SentenceEncoder
    ) -> None:
        super().__init__(parameters, generator, {"discriminator": discriminator} if discriminator else {}, encoder)
        self.discriminator = discriminator

    @staticmethod
    @abstractmethod
    def classes(parameters: Any) -> tuple[NetworkClass, NetworkClass]:
        """Return the classes of generator and discriminator."""

    @classmethod
    def build(cls, parameters: Any, context: BuildContext) -> Self:
        """Return the model; for "generate" without a discriminator, its generator's weights to be loaded."""
        encoder: SentenceEncoder = context.encoders[ENCODERS[parameters.text]]
        generator, discriminator = (partial(one, parameters, encoder.dimension) for one in cls.classes(parameters))
        made = generator()
        sides = (parameters.resolution,)
        others = discriminators_for(context, made, sides, lambda resolution: discriminator(), initialise_reed)
        return cls(parameters, made, others.get(parameters.resolution), encoder)

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return the rates of this step: halved every so many epochs."""
        p = self.parameters
        share = 0.5 ** halvings(step, steps_per_epoch, p.halving_epochs)
        rates = {"generator": p.generator_learning_rate, "discriminator": p.discriminator_learning_rate}
        return {name: rates[name] * share for name in self.networks()}
