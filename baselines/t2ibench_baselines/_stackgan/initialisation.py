"""How generators and discriminators begin."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn

from t2ibench_baselines._stackgan.discriminators.spectral_normalisation import NormalisedWeights


def initialise(
    network: nn.Module,
    draw: Callable[[Tensor], Any] = nn.init.orthogonal_,
    kinds: tuple[type[nn.Module], ...] = (nn.Conv1d, nn.Conv2d, nn.Linear),
) -> None:
    """Initialise in place: orthogonal weights, batch-normalisation weights from N(1, 0.02), linear biases 0.

    As the official code of StackGAN-v2, AttnGAN and DM-GAN does; biases of convolutions keep torch's initialisation.
    Where a weight is spectrally normalised, it is the weight before the division that is orthogonal.

    Args:
        network: a generator or a discriminator.
        draw: fills a weight in place.
        kinds: of modules whose weights are drawn; biases of linear maps are 0 where these are among them.
    """
    for module in network.modules():
        if isinstance(module, kinds):
            draw(module.weight)  # type: ignore[arg-type]
        if isinstance(module, NormalisedWeights):
            draw(module.weight_bar)
        if isinstance(module, nn.Linear) and nn.Linear in kinds and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)


_normal = partial(nn.init.normal_, mean=0.0, std=0.02)
initialise_stackgan = partial(initialise, draw=_normal, kinds=(nn.Conv2d, nn.Linear))
"""As StackGAN's official code does: weights from N(0, 0.02)."""
initialise_reed = partial(initialise, draw=_normal, kinds=(nn.Conv2d, nn.ConvTranspose2d))
"""As the code of Reed et al. does: linear maps keep torch's initialisation, which is that of their Lua Torch too."""
