"""AttnGAN's generator. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.blocks import gated, residual_blocks, upsampling
from t2ibench_baselines._stackgan.discriminators.trunk import tiled
from t2ibench_baselines._stackgan.refinement import AttentionStage, Refined
from t2ibench_baselines._stackgan.staged_generator import StagedGenerator
from t2ibench_baselines.attngan.parameters import AttnGANParameters


class PlainStage(nn.Module):
    """A stage without attention: the condition code is joined at every place, as in StackGAN-v2.

    Of our making, for component analyses: the blocks that follow have the width they have in AttentionStage.
    """

    def __init__(self, parameters: AttnGANParameters, text_dimension: int) -> None:
        super().__init__()
        channels = parameters.generator_features
        self.jointConv = gated(parameters.condition + channels, 2 * channels)
        self.residual = residual_blocks(2 * channels, parameters.residual_blocks)
        self.upsample = upsampling(2 * channels, channels)

    def forward(self, features: Tensor, code: Tensor, words: Tensor, padding: Tensor) -> Refined:
        """Return features, N x c x 2h x 2w, of features N x c x h x w and condition codes N x d; words are not read."""
        joined = torch.cat((tiled(code, features.shape[-1]), features), dim=1)
        return Refined(self.upsample(self.residual(self.jointConv(joined))))


class Generator(StagedGenerator):
    """Latent, sentence and words to images of doubling resolutions (AttnGAN, equation 1).

    With `dcgan` there is one image, at the last resolution (the official AttnDCGAN).
    """

    def __init__(self, parameters: AttnGANParameters, text_dimension: int) -> None:
        stage = AttentionStage if parameters.attention else PlainStage
        super().__init__(parameters, text_dimension, stage, single_image=parameters.dcgan)
