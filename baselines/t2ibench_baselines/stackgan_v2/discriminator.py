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

    def match(self, features: Tensor, sentence: Tensor) -> Tensor:
        """Return logits of the match, N, of features N x channels x 4 x 4 and conditions N x c."""
        joined = torch.cat((tiled(sentence, features.shape[-1]), features), dim=1)  # condition first
        logits: Tensor = self.logits(self.jointConv(joined))
        return logits.flatten()

    def unconditional(self, features: Tensor) -> Tensor:
        """Return logits of being real, N, of features."""
        logits: Tensor = self.uncond_logits(features)
        return logits.flatten()
