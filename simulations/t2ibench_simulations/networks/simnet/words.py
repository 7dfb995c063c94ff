"""What SimNet can name: the words of its heads, in the order of their classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from t2ibench_simulations.simbirds.attributes import COLOURS, PLUMAGE, WORDS

SIDE: Final = 64
"""Pixels a side that the network sees."""
POOL: Final = 64
"""Numbers of the embedding."""

_NAMED: Final = (*PLUMAGE, "wing_pattern", "breast_pattern", "bill_length", "tail_length", "size")
HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: WORDS[name] for name in _NAMED},
    "perch": ("branch", "ground", "air"),
    "facing": ("left", "right"),
    "bird": ("no", "yes"),
}
"""Head -> its words. The words are those of simulated birds; "bird" tells a bird from anything else."""

JOINT: Final = len(COLOURS) ** 2
"""Kinds of bird in the layer "logits": wing colour x belly colour."""
