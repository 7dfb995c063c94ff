"""AttnGAN's generator. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.blocks import gated, residual_blocks, upsampling
from t2ibench_baselines._stackgan.discriminators.trunk import tiled
from t2ibench_baselines._stackgan.refinement import AttentionStage, Refined
from t2ibench_baselines._stackgan.staged_generator import StagedGenerator


class PlainStage(nn.Module):
    """A stage without attention: the condition code is joined at every place, as in StackGAN-v2.

    Of our making, for component analyses: the blocks that follow have the width they have in AttentionStage.
    """

    def __init__(self, channels: int, condition: int, residuals: int) -> None:
        super().__init__()
        self.jointConv = gated(condition + channels, 2 * channels)
        self.residual = residual_blocks(2 * channels, residuals)
        self.upsample = upsampling(2 * channels, channels)

    def forward(self, features: Tensor, code: Tensor, words: Tensor, padding: Tensor) -> Refined:
        """Return features, N x c x 2h x 2w, of features N x c x h x w and condition codes N x d; words are not read."""
        joined = torch.cat((tiled(code, features.shape[-1]), features), dim=1)
        return Refined(self.upsample(self.residual(self.jointConv(joined))))


class Generator(StagedGenerator):
    """Latent, sentence and words to images of doubling resolutions (AttnGAN, equation 1).

    With `dcgan` there is one image, at the last resolution (the official AttnDCGAN).
    """

    def __init__(
        self,
        *,
        channels: int = 32,
        branches: int = 3,
        base_resolution: int = 64,
        residuals: int = 2,
        latent: int = 100,
        condition: int = 100,
        text_dimension: int = 256,
        attention: bool = True,
        dcgan: bool = False,
        official_mask: bool = False,
    ) -> None:
        def stage() -> nn.Module:
            if attention:
                return AttentionStage(channels, text_dimension, residuals, official_mask=official_mask)
            return PlainStage(channels, condition, residuals)

        super().__init__(
            stage,
            channels=channels,
            branches=branches,
            base_resolution=base_resolution,
            latent=latent,
            condition=condition,
            text_dimension=text_dimension,
            single_image=dcgan,
        )
