"""The official code's state dicts: which network one is of, and with which parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from t2ibench.interfaces import OfficialNetwork

_GENERATOR = ("fc.weight", "GBlocks.0.fuse1.affine0.fc_gamma.linear1.weight", "to_rgb.1.weight")
_DISCRIMINATOR = ("conv_img.weight", "DBlocks.0.conv_r.0.weight")
_PREDICTOR = ("joint_conv.0.weight", "joint_conv.2.weight")
_BLOCK = re.compile(r"[GD]Blocks\.(\d+)\.")


def recognise(shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
    """Return which of DF-GAN's networks a state dict is, None if it is none; see `ImportsOfficial.recognise`.

    Official files hold {"model": {"netG", "netD", "netC"}}. Bird and COCO networks have the same shapes, so the data
    set stays open; the predictor's side too.
    """
    if _holds(shapes, _GENERATOR):
        parameters = {"features": shapes["to_rgb.1.weight"][1], "latent": shapes["fc.weight"][1], "side": _side(shapes)}
        return OfficialNetwork("generator", parameters)
    if _holds(shapes, _DISCRIMINATOR):
        return OfficialNetwork("discriminator", {"features": shapes["conv_img.weight"][0], "side": _side(shapes)})
    if _holds(shapes, _PREDICTOR):
        return OfficialNetwork("predictor", {"features": shapes["joint_conv.0.weight"][0] // 2})
    return None


def _holds(shapes: Mapping[str, tuple[int, ...]], keys: tuple[str, ...]) -> bool:
    return all(key in shapes and len(shapes[key]) > 1 for key in keys)


def _side(shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Return the side of the pictures: 4, doubled by every block."""
    blocks = {int(found.group(1)) for found in map(_BLOCK.match, shapes) if found}
    return 4 << (max(blocks) + 1)
