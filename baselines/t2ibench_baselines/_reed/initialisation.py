"""How the networks of GAN-INT-CLS and GAWWN begin."""

from __future__ import annotations

from torch import nn


def initialise(network: nn.Module) -> None:
    """Initialise in place: convolutions from N(0, 0.02), batch normalisation from N(1, 0.02) with bias 0.

    Linear maps keep torch's initialisation, which is that of the Lua Torch of the official code too.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
