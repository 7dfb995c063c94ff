"""How the generators and discriminators of the lineage begin."""

from __future__ import annotations

from torch import nn

from t2ibench_baselines._stackgan.discriminators.spectral_normalisation import NormalisedWeights


def initialise(network: nn.Module) -> None:
    """Initialise in place: orthogonal weights, batch-normalisation weights from N(1, 0.02), linear biases 0.

    As the official code of StackGAN-v2, AttnGAN and DM-GAN does; biases of convolutions keep torch's initialisation.
    Where a weight is spectrally normalised, it is the weight before the division that is orthogonal.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            nn.init.orthogonal_(module.weight)
        if isinstance(module, NormalisedWeights):
            nn.init.orthogonal_(module.weight_bar)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)
