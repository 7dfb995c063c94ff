"""The frame of AttnGAN's and DM-GAN's generators. Attribute names are those of the official state dicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.blocks import ImageHead, InitialStage
from t2ibench_baselines._stackgan.conditioning import Condition, ConditioningAugmentation
from t2ibench_baselines._stackgan.refinement import Refined
from t2ibench_baselines._stackgan.staged_parameters import BranchParameters

P = TypeVar("P", bound=BranchParameters)


class Generated(NamedTuple):
    """What one pass of the generator makes.

    Attributes:
        images: resolution -> N x 3 x resolution x resolution in [-1, 1], ascending.
        attention: side that the attention led to -> N x T x h x w; empty without attention.
        condition: the drawn condition and its Gaussian.
        gates: side that the gates led to -> the stage's gates, see Refined; empty without gates.
    """

    images: dict[int, Tensor]
    attention: dict[int, Tensor]
    condition: Condition
    gates: dict[int, Mapping[str, Tensor]]


class StagedGenerator(nn.Module):
    """Latent, sentence and words to images of doubling resolutions (AttnGAN, equation 1).

    A first stage makes features of the condition and the latent; each further one refines them at twice the resolution.
    `stage` makes such a stage of parameters and text dimension, see Refined. With `single_image` there is one image, at
    the last resolution (AttnDCGAN).
    """

    def __init__(
        self, parameters: P, text_dimension: int, stage: Callable[[P, int], nn.Module], *, single_image: bool = False
    ) -> None:
        super().__init__()
        p = parameters
        self.resolutions = p.resolutions
        self._single_image = single_image
        self.ca_net = ConditioningAugmentation(text_dimension, p.condition)
        self.h_net1 = InitialStage(p.condition + p.latent, p.generator_features, p.base_resolution)
        for number in range(2, p.branches + 1):
            self.add_module(f"h_net{number}", stage(p, text_dimension))
        if single_image:
            self.img_net = ImageHead(p.generator_features)
        else:
            for number in range(1, p.branches + 1):
                self.add_module(f"img_net{number}", ImageHead(p.generator_features))

    def forward(self, latent: Tensor, noise: Tensor, sentence: Tensor, words: Tensor, padding: Tensor) -> Generated:
        """Return the images of all resolutions, the attention, the condition and the gates.

        Args:
            latent: N x z, standard normal.
            noise: N x c, standard normal, for the conditioning augmentation.
            sentence: N x D sentence codes.
            words: N x D x T word codes.
            padding: bool, N x T, True past a caption's end.
        """
        condition: Condition = self.ca_net(sentence, noise)
        features: Tensor = self.h_net1(torch.cat((condition.code, latent), dim=1))
        made = Generated({}, {}, condition, {})
        for number, resolution in enumerate(self.resolutions, start=1):
            if number > 1:
                stage = self.get_submodule(f"h_net{number}")
                refined: Refined = stage(features, condition.code, words, padding)
                features = refined.features
                if refined.attention is not None:
                    made.attention[resolution] = refined.attention
                if refined.gates:
                    made.gates[resolution] = refined.gates
            if not self._single_image:
                made.images[resolution] = self.get_submodule(f"img_net{number}")(features)
        if self._single_image:
            made.images[self.resolutions[-1]] = self.img_net(features)
        return made
