"""The official code's state dicts: which network one is of, and with which parameters. Their names are ours."""

from __future__ import annotations

import re
from typing import Final

from t2ibench.core.official import OfficialNetwork
from t2ibench_baselines._stackgan.official_shapes import Shapes, begins, generator_sizes, told, trunk_resolution

_ATTENTION: Final = re.compile(r"h_net(\d)\.att\.")
_HEADS: Final = ("COND_DNET.jointConv.0.weight", "COND_DNET.outlogits.0.weight", "UNCOND_DNET.outlogits.0.weight")
_RELEASED: Final = {(32, 2, False): "cub", (32, 0, True): "cub", (48, 3, False): "coco"}
"""(features, residual blocks, dcgan) of the released generators, by data set."""


def recognise(shapes: Shapes) -> OfficialNetwork | None:
    """Return which of AttnGAN's networks a state dict is, None if it is none; see `ImportsOfficial.recognise`.

    The generator is told by its word attention (DM-GAN has a memory there, StackGAN-v2 joins the condition), a
    discriminator by its conditional head and a trunk without spectral normalisation (DM-GAN's has it).
    """
    if any(_ATTENTION.match(key) for key in shapes):
        return _generator(shapes)
    trunk = any(key.startswith("img_code_s16.") and ".module." not in key for key in shapes)
    return _discriminator(shapes) if trunk and any(key in shapes for key in _HEADS) else None


def _generator(shapes: Shapes) -> OfficialNetwork:
    dcgan = begins(shapes, "img_net.")
    parameters = {**generator_sizes(shapes), "dcgan": dcgan}
    attention = next((shapes[key] for key in shapes if key.endswith(".att.conv_context.weight")), ())
    if attention:
        parameters["generator_features"] = attention[0]
    configuration = (parameters.get("generator_features", 0), parameters["residual_blocks"], dcgan)
    return OfficialNetwork("generator", parameters, _RELEASED.get(configuration, ""))


def _discriminator(shapes: Shapes) -> OfficialNetwork:
    parameters = {
        "dcgan": not begins(shapes, "UNCOND_DNET."),
        **told(shapes, discriminator_features=("img_code_s16.0.weight", 0)),
    }
    dataset = {64: "cub", 96: "coco"}.get(parameters.get("discriminator_features", 0), "")
    return OfficialNetwork(f"discriminator/{trunk_resolution(shapes)}", parameters, dataset)
