"""DM-GAN's generator. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor

from t2ibench_baselines._stackgan.blocks import ResidualBlock, residual_blocks, upsampling
from t2ibench_baselines._stackgan.refinement import AttentionStage, Refined
from t2ibench_baselines._stackgan.staged_generator import StagedGenerator
from t2ibench_baselines.dmgan.memory import DynamicMemory
from t2ibench_baselines.dmgan.parameters import DMGANParameters


class MemoryStage(DynamicMemory):
    """Features and words to features of twice the resolution, through the memory (DM-GAN, figure 2).

    With a response gate the memory's answer has as many channels as the features. The official code joins that answer
    with itself before the residual blocks, which are as wide as AttnGAN's then; without `self_concatenation` it goes
    on as it is, and the blocks are half as wide (our reading of the paper). Without a response gate features and what
    was read are joined, the paper's naive response.
    """

    def __init__(self, parameters: DMGANParameters, text_dimension: int) -> None:
        super().__init__(parameters, text_dimension)
        p = parameters
        self._doubled = p.response_gate and p.self_concatenation
        width = p.generator_features * (2 if p.self_concatenation or not p.response_gate else 1)
        self.residual = residual_blocks(width, p.residual_blocks)
        self.upsample = upsampling(width, p.generator_features)

    def forward(self, features: Tensor, code: Tensor, words: Tensor, padding: Tensor) -> Refined:
        """Return features N x c x 2h x 2w, attention N x T x h x w and the gates.

        Args:
            features: N x c x h x w.
            code: N x d condition codes; not read: the sentence enters at the first stage only.
            words: N x D x T word codes.
            padding: bool, N x T, True past a caption's end.
        """
        response = self.respond(features, words, padding)
        refined = self._refined(response.features)
        return Refined(self.upsample(refined), response.attention, response.gates)

    def _refined(self, features: Tensor) -> Tensor:
        """Return the residual blocks' output for features that are joined with themselves where that is asked for."""
        if not self._doubled:
            return self.residual(features)  # type: ignore[no-any-return]
        if not len(self.residual):
            return torch.cat((features, features), dim=1)
        first = self.residual.get_submodule("0")
        assert isinstance(first, ResidualBlock)
        return self.residual[1:](first.doubled(features))  # type: ignore[no-any-return]


class Generator(StagedGenerator):
    """Latent, sentence and words to images of doubling resolutions (DM-GAN, section 3).

    Without `memory` a stage attends to the words as AttnGAN's does; the gates have nothing to gate then.
    """

    def __init__(self, parameters: DMGANParameters, text_dimension: int) -> None:
        super().__init__(parameters, text_dimension, MemoryStage if parameters.memory else AttentionStage)
