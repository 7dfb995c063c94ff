"""Captioners for simulated data: what an image shows, said in a sentence of the data set's own kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.features.context import FeatureContext, chunks
from t2ibench_simulations.networks.packaged import PackagedExtractor

if TYPE_CHECKING:
    from torch import Tensor

BEAM: Final = 3
LONGEST: Final = 26
"""Words of a sentence at most, commas counted."""
_WORD: Final = re.compile(r"[a-z']+|,")


def words_of(caption: str) -> list[str]:
    """Return the words of a drawn caption as captioners count them: lower-case, a comma is a word."""
    return _WORD.findall(caption.lower())


def sentence_of(numbers: Sequence[int], words: Sequence[str]) -> str:
    """Return the sentence of words' numbers, counted from 1."""
    return " ".join(words[number - 1] for number in numbers).replace(" ,", ",")


class _DrawnCaptioner(PackagedExtractor):
    """Show, Attend and Tell's form, small; learned from images that it drew itself (`train_captioner.py`).

    It has seen no image of a model and no bird of a test species.
    """

    data: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.title = f"The captioner of {cls.data}"
        cls.weights = Path(__file__).parent / cls.data / "weights.safetensors"

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity without building the network. Raises UserError: the weights are missing."""
        return replace(super().peek(context), captions=f"beam {BEAM}, {LONGEST} words at most")

    @classmethod
    def _build(cls) -> Any:
        from t2ibench_simulations.networks.captioner.network import CaptionNetwork
        from t2ibench_simulations.networks.captioner.trunks import TRUNKS

        return CaptionNetwork(len(cls.words()), TRUNKS[cls.data]())

    def caption(self, pixels: Tensor) -> list[str]:
        """Return a sentence an image.

        Args:
            pixels: uint8, N x 3 x H x W of any size; 64 x 64 is what the network sees.
        """
        from t2ibench_simulations.networks.captioner.network import likeliest

        words = self.words()
        return [
            sentence_of(numbers, words)
            for part in chunks(pixels)
            for numbers in likeliest(self._network, self._seen(part), beam=BEAM, words=LONGEST)
        ]


class SimBirdsCaptioner(_DrawnCaptioner):
    """Says what an image of a simulated bird shows."""

    data = "simbirds"


class SimScenesCaptioner(_DrawnCaptioner):
    """Says what an image of a simulated scene shows."""

    data = "simscenes"
