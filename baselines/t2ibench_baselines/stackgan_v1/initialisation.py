"""How StackGAN's networks begin."""

from __future__ import annotations

from torch import nn


def initialise(network: nn.Module) -> None:
    """Initialise a generator or a discriminator in place: weights from N(0, 0.02), of batch normalisation N(1, 0.02).

    Biases of linear maps are 0; those of convolutions keep torch's initialisation.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
