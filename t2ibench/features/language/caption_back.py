"""Sentences read back from images: a captioner as a feature extractor, whose features are the letters it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, Self, cast

import numpy as np
from pydantic import ConfigDict

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, options_of

if TYPE_CHECKING:
    from torch import Tensor

PLUGIN: Final = "caption-back"
LAYER: Final = "sentence"
WIDTH: Final = 128
_BYTES: Final = 3
"""A float32 holds every whole number below 2^24: three bytes."""


class Captioner(Protocol):
    """A plug-in of the kind `captioners`: images to sentences. `open(context)` makes one, `peek(context)` its identity.

    The context is an extractor's; its entry has the captioner's own options, checked by a class `Options` if it has
    one.

    Attributes:
        identity: of its weights and of how it searches for a sentence.
    """

    identity: FeatureIdentity

    def caption(self, pixels: Tensor) -> list[str]:
        """Return a sentence an image, of uint8 images N x 3 x H x W; nothing is drawn by luck."""
        ...


class CaptionBackOptions(Frozen):
    """Options of the entry in benchmarks.toml; all others are the captioner's own.

    Attributes:
        captioner: registered name.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    captioner: str


class CaptionBack:
    """Reads images back into sentences (layer "sentence") and keeps captions in the same form.

    A sentence is up to 384 bytes of UTF-8, three in a number, so that it is stored, split among workers and resumed as
    features are; `sentences_of` gives it back.
    """

    Options: ClassVar = CaptionBackOptions
    layers: Mapping[str, int] = MappingProxyType({LAYER: WIDTH})

    def __init__(self, captioner: Captioner, identity: FeatureIdentity) -> None:
        self.identity = identity
        self._captioner = captioner

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the captioner's identity under this extractor's name.

        Raises:
            UserError: the captioner is unknown or cannot be used; see its own `peek`.
        """
        plugin, own = _captioner_of(context)
        return _named(plugin.peek(own), context, own)

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor, the captioner's network on the context's device. Errors as `peek`."""
        plugin, own = _captioner_of(context)
        captioner = cast(Captioner, plugin.open(own))
        return cls(captioner, _named(captioner.identity, context, own))

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "sentence", N x 128, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W.
        """
        return {LAYER: numbers_of(self._captioner.caption(pixels))}

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return the captions themselves, M x 128, float32 on the CPU."""
        return numbers_of([caption.text for caption in captions])

    def cut(self, captions: Sequence[Caption]) -> list[bool]:
        """Return whether each caption has more than 384 bytes, of which the first count."""
        return [len(caption.text.encode()) > _BYTES * WIDTH for caption in captions]


def numbers_of(sentences: Sequence[str]) -> Tensor:
    """Return sentences as numbers, N x 128, float32; what has no room is cut off."""
    import torch

    rows = np.zeros((len(sentences), WIDTH, _BYTES), dtype=np.uint8)
    for row, sentence in zip(rows.reshape(len(sentences), _BYTES * WIDTH), sentences, strict=True):
        letters = np.frombuffer(sentence.encode()[: row.size], dtype=np.uint8)
        row[: letters.size] = letters
    return torch.from_numpy((rows.astype(np.int64) @ [1 << 16, 1 << 8, 1]).astype(np.float32))


def sentences_of(numbers: np.ndarray) -> list[str]:
    """Return the sentences that `numbers_of` made numbers of."""
    whole = np.asarray(numbers, dtype=np.float64).clip(0, (1 << 24) - 1).astype(">u4")
    letters = whole.view(np.uint8).reshape(*whole.shape, 4)[..., 1:].reshape(len(whole), _BYTES * whole.shape[1])
    return [row.tobytes().rstrip(b"\0").decode(errors="replace") for row in letters]


def _captioner_of(context: FeatureContext) -> tuple[Any, FeatureContext]:
    """Return (the captioner's class, the context that it is opened with)."""
    options = options_of(context, CaptionBackOptions)
    plugin = registry("captioners")[options.captioner]
    entry = context.entry.model_copy(update={"plugin": options.captioner, "options": options.model_extra or {}})
    own = replace(context, entry=entry)
    options_of(own, getattr(plugin, "Options", Frozen))
    return plugin, own


def _named(identity: FeatureIdentity, context: FeatureContext, own: FeatureContext) -> FeatureIdentity:
    parts = [f"by {own.entry.plugin}", identity.captions]
    return replace(identity, name=context.entry.plugin, captions=", ".join(filter(None, parts)))
