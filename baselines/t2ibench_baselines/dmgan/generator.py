"""DM-GAN's generator. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.blocks import ResidualBlock, residual_blocks, upsampling
from t2ibench_baselines._stackgan.refinement import AttentionStage, Refined
from t2ibench_baselines._stackgan.staged_generator import StagedGenerator
from t2ibench_baselines.dmgan.memory import DynamicMemory


class MemoryStage(DynamicMemory):
    """Features and words to features of twice the resolution, through the memory (DM-GAN, figure 2).

    With a response gate the memory's answer has as many channels as the features. The official code joins that answer
    with itself before the residual blocks, which are as wide as AttnGAN's then; without `self_concatenation` it goes
    on as it is, and the blocks are half as wide (our reading of the paper). Without a response gate features and what
    was read are joined, the paper's naive response.
    """

    def __init__(
        self,
        channels: int,
        text_dimension: int,
        residuals: int,
        *,
        writing_gate: bool = True,
        response_gate: bool = True,
        relu: bool = True,
        detached_pooling: bool = True,
        self_concatenation: bool = True,
        official_mask: bool = False,
    ) -> None:
        super().__init__(
            channels,
            text_dimension,
            writing_gate=writing_gate,
            response_gate=response_gate,
            relu=relu,
            detached_pooling=detached_pooling,
            official_mask=official_mask,
        )
        self._doubled = response_gate and self_concatenation
        width = 2 * channels if self_concatenation or not response_gate else channels
        self.residual = residual_blocks(width, residuals)
        self.upsample = upsampling(width, channels)

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

    def __init__(
        self,
        *,
        channels: int = 64,
        branches: int = 3,
        base_resolution: int = 64,
        residuals: int = 2,
        latent: int = 100,
        condition: int = 100,
        text_dimension: int = 256,
        memory: bool = True,
        writing_gate: bool = True,
        response_gate: bool = True,
        memory_relu: bool = True,
        detached_pooling: bool = True,
        self_concatenation: bool = True,
        official_mask: bool = False,
    ) -> None:
        def stage() -> nn.Module:
            if not memory:
                return AttentionStage(channels, text_dimension, residuals, official_mask=official_mask)
            return MemoryStage(
                channels,
                text_dimension,
                residuals,
                writing_gate=writing_gate,
                response_gate=response_gate,
                relu=memory_relu,
                detached_pooling=detached_pooling,
                self_concatenation=self_concatenation,
                official_mask=official_mask,
            )

        super().__init__(
            stage,
            channels=channels,
            branches=branches,
            base_resolution=base_resolution,
            latent=latent,
            condition=condition,
            text_dimension=text_dimension,
        )
