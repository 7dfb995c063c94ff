"""Stages of a generator that refine what the stage before made."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.blocks import gated, residual_blocks, upsampling
from t2ibench_baselines._stackgan.discriminators.trunk import tiled
from t2ibench_baselines._stackgan.staged_parameters import StagedParameters
from t2ibench_baselines._stackgan.word_attention import WordAttention


class Refined(NamedTuple):
    """What a stage makes. A stage is called with features N x c x h x w, condition codes N x d, words and padding.

    Attributes:
        features: N x c x 2h x 2w.
        attention: N x T x h x w, where each place looked; None for a stage that attends to no words.
        gates: name -> how far a gate was open, in [0, 1]: N x T by word or N x h x w by place.
    """

    features: Tensor
    attention: Tensor | None = None
    gates: Mapping[str, Tensor] = MappingProxyType({})


class AttentionStage(nn.Module):
    """Features and words to features of twice the resolution (AttnGAN, figure 2: F_i with F_attn)."""

    def __init__(self, parameters: StagedParameters, text_dimension: int) -> None:
        super().__init__()
        channels = parameters.generator_features
        self.att = WordAttention(channels, text_dimension, official_mask=parameters.official_mask)
        self.residual = residual_blocks(2 * channels, parameters.residual_blocks)
        self.upsample = upsampling(2 * channels, channels)

    def forward(self, features: Tensor, code: Tensor, words: Tensor, padding: Tensor) -> Refined:
        """Return features N x c x 2h x 2w and attention N x T x h x w.

        Args:
            features: N x c x h x w.
            code: N x d condition codes; not read: the sentence enters at the first stage only.
            words: N x D x T word codes.
            padding: bool, N x T, True past a caption's end.
        """
        context, weights = self.att(features, words, padding)
        joined = torch.cat((features, context), dim=1)  # N x 2c x h x w
        return Refined(self.upsample(self.residual(joined)), weights)


class JoiningStage(nn.Module):
    """Features and condition code, joined at every place, to twice the resolution (StackGAN++, section 4.1).

    Args:
        channels: of the features.
        width: channels of the blocks; half as many come out.
        condition: size of the condition code.
        residuals: number of residual blocks.
    """

    def __init__(self, channels: int, width: int, condition: int, residuals: int) -> None:
        super().__init__()
        self.jointConv = gated(condition + channels, width)
        self.residual = residual_blocks(width, residuals)
        self.upsample = upsampling(width, width // 2)

    def forward(self, features: Tensor, code: Tensor, *unread: Tensor) -> Refined:
        """Return features N x width/2 x 2h x 2w of features N x c x h x w and condition codes N x d; no words."""
        joined = torch.cat((tiled(code, features.shape[-1]), features), dim=1)  # code first
        return Refined(self.upsample(self.residual(self.jointConv(joined))))
