"""The official code's state dicts: which network one is of, and with which parameters. Their names are ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.official import OfficialNetwork
from t2ibench_baselines._stackgan.official_shapes import Shapes, begins, generator_sizes, told, trunk_resolution

_OFFICIAL_TEXT: Final = {"text": "char-cnn-rnn"}
"""The official code knows no other sentence codes."""

_RELEASED_FEATURES: Final = 64
"""Features of the only released model with a condition, of CUB."""


def recognise(shapes: Shapes) -> OfficialNetwork | None:
    """Return which of StackGAN-v2's networks a state dict is, None if it is none; see `ImportsOfficial.recognise`.

    Raises:
        UserError: it is one of an unconditional model (dogs, cats, bedrooms, churches), which reads no caption.
    """
    if any(re.match(r"h_net[2-9]\.jointConv\.", key) for key in shapes):
        if not begins(shapes, "ca_net."):
            raise _unconditional("generator")
        return _generator(shapes)
    if begins(shapes, "img_code_s16.") and begins(shapes, "logits."):
        if not begins(shapes, "jointConv.", "uncond_logits."):
            raise _unconditional("discriminator")
        return _discriminator(shapes)
    return None


def _unconditional(network: str) -> UserError:
    return UserError(
        f"This is the {network} of an unconditional StackGAN-v2 (the released dogs, cats, bedrooms or churches): its "
        "images are of no caption, so there is nothing to measure here. The birds' model has a condition."
    )


def _generator(shapes: Shapes) -> OfficialNetwork:
    features = told(shapes, generator_features=("img_net1.img.0.weight", 1))
    parameters = {**_OFFICIAL_TEXT, **generator_sizes(shapes), **features}
    return OfficialNetwork("generator", parameters, _dataset(parameters, "generator_features"))


def _discriminator(shapes: Shapes) -> OfficialNetwork:
    parameters = {**_OFFICIAL_TEXT, **told(shapes, discriminator_features=("img_code_s16.0.weight", 0))}
    joint = shapes.get("jointConv.0.weight", ())
    if len(joint) == 4:
        parameters["condition"] = joint[1] - joint[0]
    dataset = _dataset(parameters, "discriminator_features")
    return OfficialNetwork(f"discriminator/{trunk_resolution(shapes)}", parameters, dataset)


def _dataset(parameters: Mapping[str, Any], features: str) -> str:
    return "cub" if parameters.get(features) == _RELEASED_FEATURES else ""
