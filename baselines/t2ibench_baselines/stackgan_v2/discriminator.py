"""StackGAN-v2's discriminators. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.discriminators.trunk import (
    DiscriminatorTrunk,
    batch_normalised,
    score_head,
    tiled,
)


class Discriminator(DiscriminatorTrunk):
    """Discriminator of images of one resolution: do they match the condition, are they real (StackGAN++, section 4.2)?

    The condition is the mean of the generator's condition code. The heads return logits; the official ones end in a
    sigmoid.
    """

    def __init__(self, resolution: int, width: int = 64, condition: int = 128) -> None:
        super().__init__(resolution, width)
        self.logits = score_head(self.channels)
        joint = batch_normalised(self.channels + condition, self.channels, kernel=3, stride=1)
        self.jointConv = nn.Sequential(*joint)
        self.uncond_logits = score_head(self.channels)

    def forward(self, images: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of the match and of being real, N each.

        Args:
            images: N x 3 x resolution x resolution in [-1, 1].
            condition: N x c.
        """
        features = self.features(images)  # N x channels x 4 x 4
        joined = torch.cat((tiled(condition, features.shape[-1]), features), dim=1)  # condition first
        match: Tensor = self.logits(self.jointConv(joined))
        real: Tensor = self.uncond_logits(features)
        return match.flatten(), real.flatten()
