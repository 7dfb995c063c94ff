"""The discriminators of AttnGAN and DM-GAN. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.discriminators.trunk import (
    DiscriminatorTrunk,
    Layer,
    batch_normalised,
    score_head,
    tiled,
)


class ConditionalHead(nn.Module):
    """Features and sentence codes to logits."""

    def __init__(self, channels: int, text_dimension: int, layer: Layer = batch_normalised) -> None:
        super().__init__()
        self.jointConv = nn.Sequential(*layer(channels + text_dimension, channels, kernel=3, stride=1))
        self.outlogits = score_head(channels)

    def forward(self, features: Tensor, sentence: Tensor) -> Tensor:
        """Return logits, N, of features N x c x 4 x 4 and sentence codes N x D."""
        joined = torch.cat((features, tiled(sentence, features.shape[-1])), dim=1)
        logits: Tensor = self.outlogits(self.jointConv(joined))
        return logits.flatten()


class UnconditionalHead(nn.Module):
    """Features to logits."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.outlogits = score_head(channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits, N, of features N x c x 4 x 4."""
        logits: Tensor = self.outlogits(features)
        return logits.flatten()


class SentenceDiscriminator(DiscriminatorTrunk):
    """AttnGAN's discriminator of images of one resolution: are they real, do they match the sentence (equation 6)?

    The condition is the sentence code itself, not the generator's condition code. Without `unconditional` only the
    match is scored (AttnDCGAN). The heads return logits; the official ones end in a sigmoid. `layer` makes the layers
    of the trunk and of the joint convolution.
    """

    def __init__(
        self,
        resolution: int,
        width: int,
        text_dimension: int,
        *,
        unconditional: bool = True,
        layer: Layer = batch_normalised,
    ) -> None:
        super().__init__(resolution, width, layer)
        self.UNCOND_DNET = UnconditionalHead(self.channels) if unconditional else None
        self.COND_DNET = ConditionalHead(self.channels, text_dimension, layer)

    def match(self, features: Tensor, sentence: Tensor) -> Tensor:
        """Return logits of the match, N, of features N x c x 4 x 4 and sentence codes N x D."""
        logits: Tensor = self.COND_DNET(features, sentence)
        return logits

    def unconditional(self, features: Tensor) -> Tensor | None:
        """Return logits of being real, N, of features N x c x 4 x 4; None without that head."""
        return None if self.UNCOND_DNET is None else self.UNCOND_DNET(features)
