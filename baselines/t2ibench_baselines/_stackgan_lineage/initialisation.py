"""How the generators and discriminators of the lineage begin."""

from __future__ import annotations

from torch import nn


def initialise(network: nn.Module) -> None:
    """Initialise in place: orthogonal weights, batch-normalisation weights from N(1, 0.02), linear biases 0.

    As the official code of StackGAN-v2 and AttnGAN does; biases of convolutions keep torch's initialisation.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.orthogonal_(module.weight)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
