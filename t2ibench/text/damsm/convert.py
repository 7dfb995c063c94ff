"""State dicts of AttnGAN's DAMSM encoders (RNN_ENCODER and CNN_ENCODER). Their names are ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from t2ibench.core.official import OfficialNetwork

_RELEASED: Final = {5450: "cub", 27297: "coco"}
"""Words of the released vocabularies to the data set they belong to."""


def recognise(shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
    """Return "text_encoder" or "image_encoder" with the sizes of the common space and the words; None for neither.

    The text encoder is told by its LSTM, the image encoder by its two heads. The number of words tells the data set; an
    image encoder is the same for all.
    """
    if "rnn.weight_hh_l0" in shapes or "rnn.weight_hh_l0_reverse" in shapes:
        return _text_encoder(shapes)
    if "emb_features.weight" in shapes or "emb_cnn_code.weight" in shapes:
        return _image_encoder(shapes)
    return None


def _text_encoder(shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork:
    parameters: dict[str, Any] = {}
    hidden = shapes.get("rnn.weight_hh_l0") or shapes["rnn.weight_hh_l0_reverse"]
    if len(hidden) == 2:
        parameters["embedding"] = 2 * hidden[1]  # 4h x h a direction; a GRU has 3h x h, which `fit` then names
    words = shapes.get("encoder.weight", ())
    if len(words) == 2:
        parameters["word_embedding"] = words[1]
    return OfficialNetwork("text_encoder", parameters, _RELEASED.get(words[0], "") if words else "")


def _image_encoder(shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
    if not any(key.startswith("Mixed_") for key in shapes):
        return None
    head = shapes.get("emb_features.weight") or shapes["emb_cnn_code.weight"]
    # The trunk stays frozen in the official training; its running statistics do not, so the file holds all of it.
    parameters: dict[str, Any] = {"trunk": "inception_v3", "trunk_weights": None, "train_trunk": False}
    return OfficialNetwork("image_encoder", parameters | {"embedding": head[0]})
