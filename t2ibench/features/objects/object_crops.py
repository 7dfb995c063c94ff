"""What a detector finds, cut out and seen by another extractor: the features of O-FID and O-IS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import FeatureExtractor, FeatureIdentity
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, open_extractor, options_of, peek_identity
from t2ibench.features.objects.objects import SURE, DetectedObjects, Detection
from t2ibench.features.resizing import resized_by_pil

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
SIDE: Final = 299
"""Pixels that crops are resized to by Pillow's bilinear filter, as TISE's."""
PREFIX: Final = "crops "
"""A layer's name before that of the extractor within."""


class CropOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        detector: the [features.*] entry that finds objects.
        features: the entry that sees them.
        most: crops an image, the surest ones; TISE takes all.
    """

    detector: str
    features: str
    most: int = 5


class ObjectCrops:
    """Layer "crops L" for every layer L of the extractor within: `most` crops an image, d numbers each and a flag.

    A row holds, crop by crop, 1 and the crop's d features, or 0 and zeros where nothing more is found; `unpacked` takes
    it apart.
    """

    Options: ClassVar = CropOptions
    layers: Mapping[str, int]

    def __init__(
        self, detector: DetectedObjects, within: FeatureExtractor, most: int, identity: FeatureIdentity
    ) -> None:
        self.identity = identity
        self.layers = {f"{PREFIX}{layer}": most * (1 + width) for layer, width in within.layers.items()}
        self._detector = detector.detector
        self._within = within
        self._most = most

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return an identity of both parts'. Errors as theirs, or one is not in benchmarks.toml."""
        options = options_of(context, CropOptions)
        detector, within = (peek_identity(_part(context, name)) for name in (options.detector, options.features))
        standings = {detector.standing, within.standing}
        return FeatureIdentity(
            name=f"{within.name} on crops by {detector.name}",
            version=VERSION,
            weights=digest_of([detector.weights, detector.version, within.weights, within.version, options.most]),
            resize=f"bilinear-pil {SIDE}, then {within.resize}",
            range=within.range,
            standing="standard" if standings == {"standard"} else "stand-in",
        )

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with both networks loaded. Errors as `peek`, or the first part is no detector."""
        options = options_of(context, CropOptions)
        detector = open_extractor(_part(context, options.detector))
        if not isinstance(detector, DetectedObjects):
            raise UserError(f"[features.{context.name}]: {options.detector} finds no objects; name a detector there.")
        within = open_extractor(_part(context, options.features))
        return cls(detector, within, options.most, cls.peek(context))

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return every layer, N x most (1 + d), float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W.
        """
        import torch

        places: list[tuple[int, int]] = []
        crops = []
        for row, found in enumerate(self._detector.detect(pixels) if len(pixels) else ()):
            surest = sorted((one for one in found if one.score >= SURE), key=lambda one: -one.score)[: self._most]
            for turn, one in enumerate(surest):
                places.append((row, turn))
                crops.append(_cut(pixels[row], one))
        layers = {}
        seen = self._within.extract(torch.cat(crops)) if crops else {}
        for name, width in self._within.layers.items():
            packed = torch.zeros(len(pixels), self._most, 1 + width)
            for place, values in zip(places, seen.get(name, ()), strict=False):
                packed[place] = torch.cat([torch.ones(1), values])
            layers[f"{PREFIX}{name}"] = packed.flatten(1)
        return layers


def _cut(image: Tensor, one: Detection) -> Tensor:
    """Return uint8 1 x 3 x SIDE x SIDE: the box, whole pixels, at least one."""
    left, top, right, bottom = (round(value) for value in one.box)
    height, width = image.shape[1:]
    left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    cut = image[:, top : max(bottom, top + 1), left : max(right, left + 1)]
    return resized_by_pil(cut[None], SIDE)


def _part(context: FeatureContext, name: str) -> FeatureContext:
    require_known("feature extractor", context.others, name)
    return context.named(name)
