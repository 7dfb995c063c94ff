"""StackGAN's discriminators. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.discriminators.sentence import UnconditionalHead
from t2ibench_baselines._stackgan.discriminators.trunk import ScoringDiscriminator, batch_normalised, score_head, tiled

_WIDEST_HEAD = 8


class MatchHead(nn.Module):
    """Features and condition to logits."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.outlogits = nn.Sequential(
            *batch_normalised(channels + condition, channels, kernel=3, stride=1), *score_head(channels)
        )

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Return logits, N, of features N x c x 4 x 4 and conditions N x d."""
        joined = torch.cat((features, tiled(condition, features.shape[-1])), dim=1)  # features first
        logits: Tensor = self.outlogits(joined)
        return logits.flatten()


class Discriminator(ScoringDiscriminator):
    """Discriminator of one stage's images: do they match the condition and, in the second stage, are they real?

    The condition is the mean of the generator's condition code. The trunk is that of the later models, in one flat
    sequence. The heads return logits; the official ones end in a sigmoid.
    """

    def __init__(self, resolution: int, width: int = 64, condition: int = 128, *, unconditional: bool) -> None:
        super().__init__()
        halvings = (resolution // 4).bit_length() - 1
        layers = batch_normalised(3, width, kernel=4, stride=2, first=True)
        for step in range(1, halvings):
            layers += batch_normalised(width << (step - 1), width << step, kernel=4, stride=2)
        channels = width << (halvings - 1)
        while channels > _WIDEST_HEAD * width:
            layers += batch_normalised(channels, channels // 2, kernel=3, stride=1)
            channels //= 2
        self.encode_img = nn.Sequential(*layers)
        self.get_cond_logits = MatchHead(channels, condition)
        self.get_uncond_logits = UnconditionalHead(channels) if unconditional else None

    def features(self, images: Tensor) -> Tensor:
        """Return features, N x channels x 4 x 4."""
        found: Tensor = self.encode_img(images)
        return found

    def match(self, features: Tensor, sentence: Tensor) -> Tensor:
        """Return logits of the match, N; the code is a condition."""
        logits: Tensor = self.get_cond_logits(features, sentence)
        return logits

    def unconditional(self, features: Tensor) -> Tensor | None:
        """Return logits of being real, N; None without that head."""
        return None if self.get_uncond_logits is None else self.get_uncond_logits(features)
