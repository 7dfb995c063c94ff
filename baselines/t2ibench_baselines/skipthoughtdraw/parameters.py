"""Parameters of skipthoughtDRAW."""

from __future__ import annotations

from typing import Literal

from t2ibench_baselines._sentence_vectors import VectorSource
from t2ibench_baselines.aligndraw.parameters import AlignDRAWParameters


class SkipThoughtDRAWParameters(AlignDRAWParameters):
    """Those of alignDRAW, and where the sentence comes from. Parameters of word attention have no effect.

    Attributes:
        text: "hashed" words (this is no skipthoughtDRAW and is not called one), or "skip-thoughts" from a file.
        attention: "uniform": there is one state to attend to.
    """

    text: VectorSource = "hashed"
    attention: Literal["uniform"] = "uniform"
