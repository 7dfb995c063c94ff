"""AttnGAN's generator. Attribute names are those of the official state dicts."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan_lineage.blocks import (
    ImageHead,
    InitialStage,
    gated,
    residual_blocks,
    upsampling,
)
from t2ibench_baselines._stackgan_lineage.conditioning import Condition, ConditioningAugmentation
from t2ibench_baselines._stackgan_lineage.discriminator_trunk import tiled
from t2ibench_baselines.attngan.attention import WordAttention


class Generated(NamedTuple):
    """What one pass of the generator makes.

    Attributes:
        pictures: side -> N x 3 x side x side in [-1, 1], ascending.
        attention: side that the attention led to -> N x T x h x w; empty without attention.
        condition: the drawn condition and its Gaussian.
    """

    pictures: dict[int, Tensor]
    attention: dict[int, Tensor]
    condition: Condition


class AttentionStage(nn.Module):
    """Features and words to features of twice the side (AttnGAN, figure 2: F_i with F_attn)."""

    def __init__(self, channels: int, text_dimension: int, residuals: int, *, official_mask: bool) -> None:
        super().__init__()
        self.att = WordAttention(channels, text_dimension, official_mask=official_mask)
        self.residual = residual_blocks(2 * channels, residuals)
        self.upsample = upsampling(2 * channels, channels)

    def forward(self, features: Tensor, words: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """Return features, N x c x 2h x 2w, and attention weights, N x T x h x w."""
        context, weights = self.att(features, words, padding)
        joined = torch.cat((features, context), dim=1)  # N x 2c x h x w
        return self.upsample(self.residual(joined)), weights


class PlainStage(nn.Module):
    """The same stage without attention: the condition code is joined at every place, as in StackGAN-v2.

    Of our making, for component analyses: the blocks that follow have the width they have in AttentionStage.
    """

    def __init__(self, channels: int, condition: int, residuals: int) -> None:
        super().__init__()
        self.jointConv = gated(condition + channels, 2 * channels)
        self.residual = residual_blocks(2 * channels, residuals)
        self.upsample = upsampling(2 * channels, channels)

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """Return features, N x c x 2h x 2w, of features N x c x h x w and condition codes N x d."""
        joined = torch.cat((tiled(code, features.shape[-1]), features), dim=1)
        upsampled: Tensor = self.upsample(self.residual(self.jointConv(joined)))
        return upsampled


class Generator(nn.Module):
    """Latent, sentence and words to pictures of doubling sides (AttnGAN, equation 1).

    With `dcgan` there is one picture, at the last side (the official AttnDCGAN).
    """

    def __init__(
        self,
        *,
        channels: int = 32,
        branches: int = 3,
        base_side: int = 64,
        residuals: int = 2,
        latent: int = 100,
        condition: int = 100,
        text_dimension: int = 256,
        attention: bool = True,
        dcgan: bool = False,
        official_mask: bool = False,
    ) -> None:
        super().__init__()
        self.sides = tuple(base_side << branch for branch in range(branches))
        self._dcgan = dcgan
        self.ca_net = ConditioningAugmentation(text_dimension, condition)
        self.h_net1 = InitialStage(condition + latent, channels, base_side)
        for number in range(2, branches + 1):
            stage = (
                AttentionStage(channels, text_dimension, residuals, official_mask=official_mask)
                if attention
                else PlainStage(channels, condition, residuals)
            )
            self.add_module(f"h_net{number}", stage)
        if dcgan:
            self.img_net = ImageHead(channels)
        else:
            for number in range(1, branches + 1):
                self.add_module(f"img_net{number}", ImageHead(channels))

    def forward(self, latent: Tensor, noise: Tensor, sentence: Tensor, words: Tensor, padding: Tensor) -> Generated:
        """Return the pictures of all sides, the attention and the condition.

        Args:
            latent: N x z, standard normal.
            noise: N x c, standard normal, for the conditioning augmentation.
            sentence: N x D sentence codes.
            words: N x D x T word codes.
            padding: bool, N x T, True past a caption's end.
        """
        condition: Condition = self.ca_net(sentence, noise)
        features: Tensor = self.h_net1(torch.cat((condition.code, latent), dim=1))
        pictures: dict[int, Tensor] = {}
        attention: dict[int, Tensor] = {}
        for number, side in enumerate(self.sides, start=1):
            if number > 1:
                stage = self.get_submodule(f"h_net{number}")
                if isinstance(stage, AttentionStage):
                    features, attention[side] = stage(features, words, padding)
                else:
                    features = stage(features, condition.code)
            if not self._dcgan:
                pictures[side] = self.get_submodule(f"img_net{number}")(features)
        if self._dcgan:
            pictures[self.sides[-1]] = self.img_net(features)
        return Generated(pictures, attention, condition)
