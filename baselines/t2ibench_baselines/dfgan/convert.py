"""The official code's state dicts: which network one is of, and with which parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from t2ibench.core.official import OfficialNetwork

_BLOCK = re.compile(r"([GD])Blocks\.(\d+)\.")


def recognise(shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
    """Return which of DF-GAN's networks a state dict is, None if it is none; see `ImportsOfficial.recognise`.

    Official files hold {"model": {"netG", "netD", "netC"}}. Bird and COCO networks have the same shapes, so the data
    set stays open; the predictor's side too.
    """
    blocks = {found.groups() for found in map(_BLOCK.match, shapes) if found}
    for letter, network in (("G", "generator"), ("D", "discriminator")):
        numbers = [int(number) for kind, number in blocks if kind == letter]
        if numbers:
            return OfficialNetwork(network, {"resolution": 8 << max(numbers), **_sizes(shapes)})
    if len(shapes.get("joint_conv.0.weight", ())) == 4:
        return OfficialNetwork("predictor", {"features": shapes["joint_conv.0.weight"][0] // 2})
    return None


def _sizes(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Return the features and the latent's size, where shapes tell them."""
    sizes = {}
    for name, key, rank, axis in (
        ("features", "to_rgb.1.weight", 4, 1),
        ("features", "conv_img.weight", 4, 0),
        ("latent", "fc.weight", 2, 1),
    ):
        if len(shapes.get(key, ())) == rank:
            sizes[name] = shapes[key][axis]
    return sizes
