"""The official code's state dicts: which network one is of, and with which parameters. Their names are ours."""

from __future__ import annotations

import re
from typing import Any, Final

from t2ibench.core.official import OfficialNetwork
from t2ibench_baselines._stackgan.official_shapes import Shapes, generator_sizes, told, trunk_resolution

_MEMORY: Final = re.compile(r"h_net\d\.(A|B|M_r|M_w|key|value|response_gate)\.")
_WRITING: Final = re.compile(r"h_net\d\.(A|B|M_r)\.")
_RESPONSE: Final = re.compile(r"h_net\d\.response_gate\.")
_TRUNK: Final = re.compile(r"img_code_s16\.\d+\.module\.")
_RELEASED: Final = {(64, 2): "cub", (64, 3): "coco"}
"""(features, residual blocks) of the released generators, by data set."""


def recognise(shapes: Shapes) -> OfficialNetwork | None:
    """Return which of DM-GAN's networks a state dict is, None if it is none; see `ImportsOfficial.recognise`.

    The generator is told by its memory, a discriminator by the spectral normalisation of its trunk; "module" is an
    inner name there, not a wrapper's. The discriminators of CUB and COCO have the same shapes.
    """
    if any(_MEMORY.match(key) for key in shapes):
        return _generator(shapes)
    return _discriminator(shapes) if any(_TRUNK.match(key) for key in shapes) else None


def _generator(shapes: Shapes) -> OfficialNetwork:
    parameters = generator_sizes(shapes)
    parameters["writing_gate"] = any(_WRITING.match(key) for key in shapes)
    parameters["response_gate"] = any(_RESPONSE.match(key) for key in shapes)
    key = next((shape for name, shape in shapes.items() if re.match(r"h_net\d\.key\.0\.weight", name)), ())
    if len(key) == 3:
        parameters["generator_features"] = key[0]
    configuration = (parameters.get("generator_features", 0), parameters["residual_blocks"])
    return OfficialNetwork("generator", parameters, _RELEASED.get(configuration, ""))


def _discriminator(shapes: Shapes) -> OfficialNetwork:
    parameters: dict[str, Any] = {}
    for tensor in ("weight_bar", "bias"):
        parameters |= told(shapes, discriminator_features=(f"img_code_s16.0.module.{tensor}", 0))
    return OfficialNetwork(f"discriminator/{trunk_resolution(shapes, modules=2)}", parameters)
