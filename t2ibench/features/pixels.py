"""The images themselves, at one size: what structural similarity compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydantic import Field

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, options_of
from t2ibench.features.resizing import resized_by_pil

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1


class PixelOptions(Frozen):
    """Options of an entry.

    Attributes:
        size: side in pixels that images are brought to.
    """

    size: int = Field(ge=2)


class Pixels:
    """Layer "pixels": 3 x size x size numbers an image, channel by channel, row by row; there is no network."""

    Options: ClassVar[type[PixelOptions]] = PixelOptions
    layers: Mapping[str, int]

    def __init__(self, options: PixelOptions, identity: FeatureIdentity) -> None:
        self.identity = identity
        self.layers = {"pixels": 3 * options.size**2}
        self._size = options.size

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity, which holds the size.

        Raises:
            UserError: an option is missing or wrong.
        """
        options = options_of(context, PixelOptions)
        return FeatureIdentity(
            name=context.entry.plugin,
            version=VERSION,
            weights="none",
            resize=f"Pillow bilinear {options.size}",
            range="[0, 255]",
        )

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor. Errors as `peek`."""
        return cls(options_of(context, PixelOptions), cls.peek(context))

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "pixels", N x 3 size^2 in [0, 255], float32 on the CPU, of uint8 images N x 3 x H x W."""
        same = pixels.shape[-2:] == (self._size, self._size)
        images = pixels if same else resized_by_pil(pixels, self._size)
        return {"pixels": images.cpu().float().flatten(1)}
