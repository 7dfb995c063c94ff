"""The official code's state dicts: which network one is of, and with which parameters. Their names are ours."""

from __future__ import annotations

from typing import Any, Final

from t2ibench.core.official import OfficialNetwork
from t2ibench_baselines._stackgan.official_shapes import Shapes, begins, counted, told

_BELOW: Final = "STAGE1_G."
_OFFICIAL_TEXT: Final = {"text": "char-cnn-rnn"}
"""The official code knows no other sentence codes."""

_RELEASED_FEATURES: Final = 192
"""generator_features of the released model, of COCO; its discriminators have half as many."""

_SMALLEST_TRUNK: Final = 4
"""Layers of the first stage's trunk at side 64; the second's has a narrowing layer for each halving more."""


def recognise(shapes: Shapes) -> OfficialNetwork | None:
    """Return which of StackGAN's networks a state dict is, None if it is none; see `ImportsOfficial.recognise`.

    The first stage's generator alone is that of `stages = 1`.
    """
    if begins(shapes, _BELOW, "hr_joint."):
        return _second_stage(shapes)
    if begins(shapes, "get_cond_logits.outlogits."):
        return _discriminator(shapes)
    if begins(shapes, "ca_net.fc.") and begins(shapes, "fc.0.", "fc.1."):
        return _generator({"stages": 1, **_first_stage(shapes)})
    return None


def _generator(parameters: dict[str, Any]) -> OfficialNetwork:
    released = parameters.get("generator_features") == _RELEASED_FEATURES
    return OfficialNetwork("generator", {**_OFFICIAL_TEXT, **parameters}, "coco" if released else "")


def _second_stage(shapes: Shapes) -> OfficialNetwork:
    inside = {key.removeprefix(_BELOW): shape for key, shape in shapes.items() if key.startswith(_BELOW)}
    blocks = {"residual_blocks": counted(shapes, r"residual\.(\d+)\.")}
    features = told(shapes, generator_features=("encoder.0.weight", 0))
    return _generator({"stages": 2, **_first_stage(inside), **blocks, **features})


def _first_stage(shapes: Shapes) -> dict[str, Any]:
    """Return what the first stage's shapes tell, as far as they are there."""
    parameters: dict[str, Any] = {}
    if "ca_net.fc.weight" in shapes:
        parameters["condition"] = shapes["ca_net.fc.weight"][0] // 2
    if "img.0.weight" in shapes:
        parameters["generator_features"] = 2 * shapes["img.0.weight"][1]
    doublings = len({key.split(".")[0] for key in shapes if key.startswith("upsample")})
    if doublings:
        parameters["base_resolution"] = 4 << doublings
    if "fc.0.weight" in shapes and "condition" in parameters:
        parameters["latent"] = shapes["fc.0.weight"][1] - parameters["condition"]
    return parameters


def _discriminator(shapes: Shapes) -> OfficialNetwork:
    layers = 1 + counted(shapes, r"encode_img\.(\d+)\.") // 3  # the first one has two modules, each further one three
    halvings = layers if layers <= _SMALLEST_TRUNK else (layers + _SMALLEST_TRUNK) // 2  # half of the rest narrow
    parameters = {**_OFFICIAL_TEXT, **told(shapes, discriminator_features=("encode_img.0.weight", 0))}
    head = shapes.get("get_cond_logits.outlogits.0.weight", ())
    if len(head) == 4:
        parameters["condition"] = head[1] - head[0]
    released = parameters.get("discriminator_features") == _RELEASED_FEATURES // 2
    return OfficialNetwork(f"discriminator/{4 << halvings}", parameters, "coco" if released else "")
