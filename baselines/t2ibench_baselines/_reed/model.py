"""What GAN-INT-CLS and GAWWN have in common as plug-ins: one generator against one discriminator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.nn import Module
from torch.optim import Optimizer

from t2ibench_baselines._stackgan.optimisation import adam_optimizers
from t2ibench_baselines._stackgan.sentence_model import SentenceModel


class SingleDiscriminatorModel(SentenceModel):
    """Base of models of two networks, each with an Adam whose rate is halved every `halving_epochs` (0: never).

    Attributes:
        parameters: of the model.
        discriminator: None in a model that was built for "generate".
    """

    parameters: Any
    discriminator: Module | None

    def networks(self) -> Mapping[str, Module]:
        """Return the generator and, in training, the discriminator."""
        if self.discriminator is None:
            return {"generator": self.generator}
        return {"generator": self.generator, "discriminator": self.discriminator}

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return one Adam a network."""
        return adam_optimizers(self.networks(), self.parameters)

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return the rates of this step: halved every so many epochs."""
        p = self.parameters
        halvings = step // max(steps_per_epoch, 1) // p.halving_epochs if p.halving_epochs else 0
        rates = {"generator": p.generator_learning_rate, "discriminator": p.discriminator_learning_rate}
        return {name: rates[name] * 0.5**halvings for name in self.networks()}
