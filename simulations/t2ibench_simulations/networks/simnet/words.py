"""What SimNet can name: the words of its heads, in the order of their classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SIDE: Final = 64
"""Pixels a side that the network sees."""
POOL: Final = 64
"""Numbers of the embedding."""

COLOURS: Final = (
    "black", "white", "grey", "brown", "red", "orange", "yellow", "green", "blue", "purple", "pink",
)  # fmt: skip
PLUMAGE: Final = ("crown", "head", "back", "wing", "breast", "belly", "tail")

HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    **{part: COLOURS for part in PLUMAGE},
    "wing_pattern": ("plain", "barred", "striped"),
    "breast_pattern": ("plain", "spotted", "streaked"),
    "bill_length": ("short", "medium", "long"),
    "tail_length": ("short", "medium", "long"),
    "size": ("tiny", "small", "medium", "large"),
    "perch": ("branch", "ground", "air"),
    "facing": ("left", "right"),
    "bird": ("no", "yes"),
}
"""Head -> its words. The words are those of simulated birds; "bird" tells a bird from anything else."""

JOINT: Final = len(COLOURS) ** 2
"""Kinds of bird in the layer "logits": wing colour x belly colour."""
