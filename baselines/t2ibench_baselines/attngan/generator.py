"""AttnGAN's generator. Attribute names are those of the official state dicts."""

from __future__ import annotations

from t2ibench_baselines._stackgan.refinement import AttentionStage, JoiningStage
from t2ibench_baselines._stackgan.staged_generator import StagedGenerator
from t2ibench_baselines.attngan.parameters import AttnGANParameters


def plain_stage(parameters: AttnGANParameters, text_dimension: int) -> JoiningStage:
    """Return a stage without attention: the condition code is joined at every place, as in StackGAN-v2.

    Of our making, for component analyses: the blocks that follow have the width they have in AttentionStage.
    """
    channels = parameters.generator_features
    return JoiningStage(channels, 2 * channels, parameters.condition, parameters.residual_blocks)


class Generator(StagedGenerator):
    """Latent, sentence and words to images of doubling resolutions (AttnGAN, equation 1).

    With `dcgan` there is one image, at the last resolution (the official AttnDCGAN).
    """

    def __init__(self, parameters: AttnGANParameters, text_dimension: int) -> None:
        stage = AttentionStage if parameters.attention else plain_stage
        super().__init__(parameters, text_dimension, stage, single_image=parameters.dcgan)
