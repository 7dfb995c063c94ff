"""How deep an image file's numbers are: what Pillow alone would cut off, leave dark or compare wrongly.

Pillow forgets how pixels are stored when it decodes them, so a `Depth` is taken of an opened image before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

_PHOTOMETRIC: Final = 262
_SCALES: Final = {"1": 255, "L;2": 85, "L;4": 17}
"""How grey is stored (Pillow) -> what it multiplies pixels with, and forgets to multiply the clear grey with."""
_SAVE: Final = "; save it with 8 bits a channel, since nothing in it says how to bring it to those"
_SIXTEEN: Final = ("I;16", "I;16B", "I;16L", "I;16N")


class UnknownWhiteError(ValueError):
    """A file's numbers cannot be brought to 8 bits without guessing; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Depth:
    """What the header of an opened image says.

    Attributes:
        white: the number that stands for white in deep grey; 0 for images that are not deep.
        inverted: whether deep grey counts from white (TIFF's WhiteIsZero).
        clear: the deep grey that is transparent; None for none.
    """

    white: int = 0
    inverted: bool = False
    clear: int | None = None

    @classmethod
    def of(cls, image: Image.Image) -> Depth:
        """Return the depth of an image that was opened and not decoded yet; a clear grey of few bits is set right.

        Raises:
            UnknownWhiteError: its numbers cannot be brought to 8 bits without guessing.
        """
        codec, stored = _storage(image)
        clear = image.info.get("transparency")
        if image.mode == "F":
            raise UnknownWhiteError(f"it holds floating-point numbers{_SAVE}")
        if image.mode == "RGB" and ";16" in stored and clear is not None:
            raise UnknownWhiteError(f"it has a transparent colour of 16 bits, of which 8 are read{_SAVE}")
        if not image.mode.startswith("I"):
            if isinstance(clear, int) and stored in _SCALES and image.mode in ("1", "L"):
                image.info["transparency"] = clear * _SCALES[stored]
            return cls()
        if image.mode == "I" and not codec.startswith("ppm") and stored not in _SIXTEEN:
            raise UnknownWhiteError(f"it holds 32-bit or signed integers{_SAVE}")
        tags = getattr(image, "tag_v2", {})
        return cls(
            white=4095 if stored.startswith("I;12") else 65535,
            inverted=tags.get(_PHOTOMETRIC) == 0,
            clear=clear if isinstance(clear, int) else None,
        )

    def to_grey(self, image: Image.Image) -> Image.Image:
        """Return decoded deep grey as 8 bits, what is clear as white."""
        numbers = np.clip(np.asarray(image.convert("I"), dtype=np.int64), 0, self.white)
        grey = numbers * 255 // self.white
        if self.inverted:
            grey = 255 - grey
        if self.clear is not None:
            grey[numbers == self.clear] = 255
        return Image.fromarray(grey.astype(np.uint8))


def _storage(image: Image.Image) -> tuple[str, str]:
    """Return Pillow's names of the codec and of how pixels are stored; "" where it has none."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return "", ""
    codec, arguments = tiles[0][0], tiles[0][3]
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return str(codec), first if isinstance(first, str) else ""
