"""Small models for the tests of the baselines."""

from __future__ import annotations

from typing import Any

import torch

from t2ibench.core.interfaces import BuildContext
from t2ibench.core.noise import Noise, SampleNoise
from t2ibench.core.types import Caption, TrainBatch
from t2ibench.text.damsm import DAMSM, DAMSMParameters
from t2ibench.text.vocabulary import Vocabulary
from t2ibench_baselines.attngan import AttnGAN
from t2ibench_baselines.dmgan import DMGAN
from t2ibench_baselines.stackgan_v2 import StackGANv2

TEXTS = ("a small red bird with a black head", "this bird is blue", "a bird", "the green bird has long wings")
VOCABULARY = Vocabulary.from_captions(TEXTS)
CAPTIONS = tuple(Caption(f"t/{row}", text) for row, text in enumerate(TEXTS))
TINY: dict[str, Any] = {
    "branches": 2,
    "base_resolution": 16,
    "generator_features": 8,
    "discriminator_features": 8,
    "residual_blocks": 1,
    "latent": 10,
    "condition": 12,
    "batch_size": 4,
}


def context(purpose: str) -> BuildContext:
    """Return a context with a small trained-looking DAMSM."""
    parameters = DAMSMParameters(trunk="small", resolution=32, width=8, embedding=32, word_embedding=16)
    encoder = DAMSM.build(parameters, BuildContext(purpose, VOCABULARY.words))  # type: ignore[arg-type]
    if purpose == "train":
        for network in encoder.exported().values():
            network.eval().requires_grad_(False)
    return BuildContext(purpose, VOCABULARY.words, {"damsm": encoder})  # type: ignore[arg-type]


def attngan(purpose: str = "train", **given: Any) -> AttnGAN:
    """Return a tiny AttnGAN with given parameters changed."""
    return AttnGAN.build(AttnGAN.Parameters(**{**TINY, **given}), context(purpose))


def dmgan(purpose: str = "train", **given: Any) -> DMGAN:
    """Return a tiny DM-GAN with given parameters changed."""
    return DMGAN.build(DMGAN.Parameters(**{**TINY, **given}), context(purpose))


def stackgan(purpose: str = "train", **given: Any) -> StackGANv2:
    """Return a tiny StackGAN-v2 with given parameters changed."""
    return StackGANv2.build(StackGANv2.Parameters(**{**TINY, **given}), context(purpose))


def batch(model: AttnGAN | DMGAN | StackGANv2, step: int = 0) -> TrainBatch:
    """Return a batch of random images, as the model asks for them."""
    generator = torch.Generator().manual_seed(step)
    request = model.data_request()

    def images() -> dict[int, torch.Tensor]:
        return {
            resolution: torch.rand(4, 3, resolution, resolution, generator=generator) * 2 - 1
            for resolution in request.resolutions
        }

    return TrainBatch(step, "train", CAPTIONS, images(), torch.arange(4), images() if request.wrong_images else None)


def noise_of(captions: tuple[Caption, ...], seed: int = 0) -> SampleNoise:
    """Return keyed noise of the captions."""
    return Noise(seed).bind([(caption.id, 0) for caption in captions])
