"""Whole models over the networks and inputs of a golden set."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor

from t2ibench.core.types import Caption, TrainBatch
from t2ibench.text.damsm import DAMSM, DAMSMParameters
from t2ibench.text.vocabulary import END, Vocabulary
from t2ibench_baselines.attngan import AttnGAN
from t2ibench_baselines.attngan.parameters import AttnGANParameters
from t2ibench_baselines.dmgan import DMGAN
from t2ibench_baselines.dmgan.parameters import DMGANParameters
from t2ibench_baselines.stackgan_v2 import StackGANv2
from t2ibench_baselines.stackgan_v2.parameters import StackGANv2Parameters
from tests.parity.asked import resolutions_of
from tests.parity.inputs import real_images
from tests.parity.loss_units import gammas
from tests.parity.networks import (
    check_discriminators,
    family,
    generator_name,
    image_encoder,
    stackgan_discriminators,
    stackgan_generator,
    staged_discriminators,
    staged_generator,
    text_encoder,
)
from tests.parity.recipe import GoldenSet


class GivenNoise:
    """The set's own z and eps in place of drawn noise."""

    def __init__(self, golden: GoldenSet, suffix: str = "") -> None:
        self._golden = golden
        self._names = {"z": f"in.z{suffix}", "ca": f"in.eps{suffix}"}

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        return self._golden.tensor(self._names[name])


def batch_of(golden: GoldenSet, step: int = 0) -> TrainBatch:
    """Return the set's training batch; word t of the made-up captions is the word of index t."""
    number = int(golden.sidecar["batch"])
    resolutions = resolutions_of(golden)
    wrong = None
    captions = tuple(Caption(str(row), "", str(row)) for row in range(number))
    if "in.captions" in golden:
        captions = tuple(
            Caption(str(row), " ".join(f"w{token}" for token in tokens.tolist() if token), str(row))
            for row, tokens in enumerate(golden.tensor("in.captions"))
        )
    else:
        wrong = {resolution: real_images(golden, resolution, "wrong") for resolution in resolutions}
    classes = golden.tensor("in.class_ids") if "in.class_ids" in golden else torch.arange(number)
    images = {resolution: real_images(golden, resolution) for resolution in resolutions}
    return TrainBatch(step, "train", captions, images, classes, wrong)


def staged_model(golden: GoldenSet) -> AttnGAN | DMGAN:
    """Return AttnGAN or DM-GAN over the set's networks, in train mode, encoders frozen.

    Images reach the image encoder as in each repository's code today: align_corners is set in DM-GAN's, not in
    AttnGAN's.
    """
    check_discriminators(golden)
    g = gammas(golden)
    dynamic = family(golden) == "dmgan"
    form: dict[str, bool] = {} if dynamic else {"dcgan": generator_name(golden) == "G_DCGAN"}
    parameters = (DMGANParameters if dynamic else AttnGANParameters)(
        branches=golden.setting("TREE.BRANCH_NUM"),
        generator_learning_rate=golden.setting("TRAIN.GENERATOR_LR"),
        discriminator_learning_rate=golden.setting("TRAIN.DISCRIMINATOR_LR"),
        damsm_weight=golden.setting("TRAIN.SMOOTH.LAMBDA"),
        gamma1=g.attention,
        gamma2=g.words,
        gamma3=g.matching,
        words_maximum=golden.setting("TEXT.WORDS_NUM"),
        official_mask=True,
        **form,
    )
    text = text_encoder(golden).requires_grad_(False)
    words = text.encoder.num_embeddings
    vocabulary = Vocabulary.from_words((END, *(f"w{index}" for index in range(1, words))))
    images = image_encoder(golden, align_corners=dynamic).requires_grad_(False)
    encoder = DAMSM(DAMSMParameters(), vocabulary, text, images)
    generator: Any = staged_generator(golden).train()
    discriminators: Any = staged_discriminators(golden)
    for discriminator in discriminators.values():
        discriminator.train()
    return (DMGAN if dynamic else AttnGAN)(cast(Any, parameters), generator, discriminators, encoder)


def stackgan_model(golden: GoldenSet) -> StackGANv2:
    """Return StackGAN-v2 over the set's networks, in train mode, the set's embeddings in place of an encoder's."""
    check_discriminators(golden)
    parameters = StackGANv2Parameters(
        branches=golden.setting("TREE.BRANCH_NUM"),
        kl_weight=golden.setting("TRAIN.COEFF.KL"),
        unconditional_weight=golden.setting("TRAIN.COEFF.UNCOND_LOSS"),
        colour_weight=golden.setting("TRAIN.COEFF.COLOR_LOSS"),
    )
    sentence = golden.tensor("in.txt_embedding")

    def encode_text(*given: Any, **options: Any) -> SimpleNamespace:
        return SimpleNamespace(sentence=sentence)

    encoder = cast(DAMSM, SimpleNamespace(encode_text=encode_text, dimension=sentence.shape[1]))
    generator = stackgan_generator(golden).train()
    discriminators = stackgan_discriminators(golden)
    for discriminator in discriminators.values():
        discriminator.train()
    return StackGANv2(parameters, generator, discriminators, encoder)
