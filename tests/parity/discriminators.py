"""Sets of AttnGAN's discriminators alone."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from tests.parity.entries import Entry
from tests.parity.networks import attngan_discriminators
from tests.parity.recipe import GoldenSet


@torch.no_grad()
def outputs(golden: GoldenSet) -> Iterator[Entry]:
    """Yield features and scores in eval and in train mode; the set's scores are after the sigmoid."""
    sentence = golden.tensor("in.sent_emb")
    for side, discriminator in attngan_discriminators(golden).items():
        for mode in ("eval", "train"):
            discriminator.train(mode == "train")
            features = discriminator.features(golden.pictures(f"img{side}", len(sentence)))
            prefix = f"out.D{side}.{mode}"
            yield f"{prefix}.features", features
            yield f"{prefix}.features_mean", features.double().mean(dim=(2, 3))
            conditional = discriminator.COND_DNET(features, sentence)
            yield f"{prefix}.cond", conditional.sigmoid()
            yield f"{prefix}.cond_presig", conditional
            unconditional = discriminator.unconditional(features)
            if unconditional is not None:
                yield f"{prefix}.uncond", unconditional.sigmoid()
                yield f"{prefix}.uncond_presig", unconditional
