"""Sets of AttnGAN's or DM-GAN's discriminators alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch

from tests.parity.asked import mode_of
from tests.parity.entries import Entry, spectral_entries
from tests.parity.inputs import real_images
from tests.parity.networks import staged_discriminators
from tests.parity.recipe import GoldenSet
from tests.parity.understood import NotUnderstood

_PASS = re.compile(r"out\.D\d+\.((?:eval|train)(?:\.call\d+)?)\.")


@torch.no_grad()
def outputs(golden: GoldenSet) -> Iterator[Entry]:
    """Yield features and scores of every pass that the set names, in its order; its scores are after the sigmoid.

    Passes are "eval" and "train" of AttnGAN's, "eval.call1", "eval.call2" ... of DM-GAN's, where a pass moves the power
    iterations.
    """
    sentence = golden.tensor("in.sent_emb")
    passes = dict.fromkeys(match.group(1) for match in map(_PASS.match, golden.names) if match)
    mode = mode_of(golden, "eval", "train", "both")
    for one in passes:
        if not one.startswith(mode.replace("both", "")):
            raise NotUnderstood(golden.name, "mode", f"is {mode!r}, but the set has passes {one!r}")
    for resolution, discriminator in staged_discriminators(golden).items():
        for one in passes:
            discriminator.train(one.startswith("train"))
            features = discriminator.features(real_images(golden, resolution))
            prefix = f"out.D{resolution}.{one}"
            yield f"{prefix}.features", features
            yield f"{prefix}.features_mean", features.double().mean(dim=(2, 3))
            conditional = discriminator.COND_DNET(features, sentence)
            yield f"{prefix}.cond", conditional.sigmoid()
            yield f"{prefix}.cond_presig", conditional
            unconditional = discriminator.unconditional(features)
            if unconditional is not None:
                yield f"{prefix}.uncond", unconditional.sigmoid()
                yield f"{prefix}.uncond_presig", unconditional
            yield from spectral_entries(f"{prefix}.state", discriminator)
