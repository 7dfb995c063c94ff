"""The official code's state dicts: which network one is of, and with which parameters."""

from __future__ import annotations

import re

from t2ibench.core.official import OfficialNetwork
from t2ibench_baselines._stackgan.official_shapes import Shapes, told

_BLOCK = re.compile(r"([GD])Blocks\.(\d+)\.")


def recognise(shapes: Shapes) -> OfficialNetwork | None:
    """Return which of DF-GAN's networks a state dict is, None if it is none; see `ImportsOfficial.recognise`.

    Official files hold {"model": {"netG", "netD", "netC"}}. Bird and COCO networks have the same shapes, so the data
    set stays open; the predictor's side too.
    """
    blocks = {found.groups() for found in map(_BLOCK.match, shapes) if found}
    for letter, network in (("G", "generator"), ("D", "discriminator")):
        numbers = [int(number) for kind, number in blocks if kind == letter]
        if numbers:
            sizes = told(shapes, features=("to_rgb.1.weight", 1), latent=("fc.weight", 1))
            sizes |= told(shapes, features=("conv_img.weight", 0))
            return OfficialNetwork(network, {"resolution": 8 << max(numbers), **sizes})
    if len(shapes.get("joint_conv.0.weight", ())) == 4:
        return OfficialNetwork("predictor", {"features": shapes["joint_conv.0.weight"][0] // 2})
    return None
