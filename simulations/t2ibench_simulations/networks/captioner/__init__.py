"""Captioners for simulated data: what an image shows, said in a sentence of the data set's own kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.features.context import FeatureContext, chunks
from t2ibench_simulations.networks.packaged import packaged_identity, packaged_network, packaged_words

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
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


class _DrawnCaptioner:
    """Show, Attend and Tell's form, small; learned from images that it drew itself (`train_captioner.py`).

    It has seen no image of a model and no bird of a test species.
    """

    data: ClassVar[str]

    def __init__(self, network: Any, words: Sequence[str], identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self._network = network
        self._words = tuple(words)
        self._device = device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity without building the network.

        Raises:
            UserError: the weights are missing from the package.
        """
        identity = packaged_identity(
            context.entry.plugin, cls._weights(), title=cls._title(), version=VERSION, resolution=64
        )
        return replace(identity, captions=f"beam {BEAM}, {LONGEST} words at most")

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the captioner with its weights on the context's device.

        Raises:
            UserError: the weights are missing or damaged.
        """
        from t2ibench_simulations.networks.captioner.network import CaptionNetwork
        from t2ibench_simulations.networks.captioner.trunks import TRUNKS

        identity = cls.peek(context)
        words = packaged_words(cls._weights(), title=cls._title())
        network = packaged_network(
            lambda: CaptionNetwork(len(words), TRUNKS[cls.data]()),
            cls._weights(),
            title=cls._title(),
            device=context.device,
        )
        return cls(network, words, identity, context.device)

    def caption(self, pixels: Tensor) -> list[str]:
        """Return a sentence an image.

        Args:
            pixels: uint8, N x 3 x H x W of any size; 64 x 64 is what the network sees.
        """
        from t2ibench_simulations.networks.captioner.network import SIDE, likeliest
        from t2ibench_simulations.networks.small_network import prepare

        said: list[str] = []
        for part in chunks(pixels):
            images = prepare(part.to(self._device), SIDE)
            found = likeliest(self._network, images, beam=BEAM, words=LONGEST)
            said += [sentence_of(numbers, self._words) for numbers in found]
        return said

    @classmethod
    def _weights(cls) -> Path:
        return Path(__file__).parent / cls.data / "weights.safetensors"

    @classmethod
    def _title(cls) -> str:
        return f"The captioner of {cls.data}"


class SimBirdsCaptioner(_DrawnCaptioner):
    """Says what an image of a simulated bird shows."""

    data = "simbirds"


class SimScenesCaptioner(_DrawnCaptioner):
    """Says what an image of a simulated scene shows."""

    data = "simscenes"
