"""One image file of somebody else's folder: what its header says, and its pixels at the side a protocol judges at."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.data.depth import Depth
from t2ibench.data.images import IMAGE_FAULTS, opened, reason_of, rgb_of


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of a file without judging it.

    Attributes:
        file: its path in the folder, with "/".
        sha256: of its bytes; "" where it cannot be read.
        width: in pixels.
        height: in pixels.
        mode: what it holds, see `kind_of`.
        form: the file's format as PIL calls it, as in "PNG"; "" where it cannot be read.
        fault: why it is no image, "" for a sound one.
    """

    file: str
    sha256: str
    width: int = 0
    height: int = 0
    mode: str = ""
    form: str = ""
    fault: str = ""


def header_of(content: bytes, *, decode: bool) -> tuple[int, int, str, str]:
    """Return (width, height, kind, format) of an image file's bytes; with `decode` every pixel is read too.

    Raises:
        Exception: IMAGE_FAULTS; it is damaged, no image or of no use; see `reason_of`.
    """
    with opened(io.BytesIO(content)) as image:
        found = image.width, image.height, kind_of(image), image.format or ""
        if decode:
            rgb_of(image, upright=True)
        else:
            Depth.of(image)
        return found


def kind_of(image: Image.Image) -> str:
    """Return what an opened, not yet decoded image holds: PIL's mode, as in "L", and what PIL's mode does not tell.

    PIL calls RGB of 16 bits and RGB with a transparent colour "RGB" too, and shows one frame of several.
    """
    kind: str = image.mode
    tiles = getattr(image, "tile", ())  # (decoder, box, offset, raw mode) of what is not decoded yet
    if kind == "RGB" and tiles and "16" in str(tiles[0][3]):
        kind += " of 16 bits"
    if kind.startswith("RGB") and "transparency" in image.info:
        kind += " with a transparent colour"
    return kind + (", the first of several frames" if getattr(image, "is_animated", False) else "")


def read_square(path: Path, sha256: str = "") -> np.ndarray:
    """Return uint8 S x S x 3: the image as RGB, its central square where it is none.

    Read as real images are: grey and palette become RGB, what is transparent shows white (other evaluation scripts
    show the colour that lies beneath), 16 bits are scaled to 8, an orientation in EXIF is followed.

    Args:
        path: the file.
        sha256: of the very bytes that must be decoded; "" for any.

    Raises:
        UserError: the file is missing, damaged, no image, or holds other bytes than `sha256` says.
    """
    try:
        content = path.read_bytes()
        with opened(io.BytesIO(content)) as image:
            pixels = np.asarray(rgb_of(image, upright=True))
    except IMAGE_FAULTS as error:
        raise UserError(
            f"The image {path} cannot be read ({reason_of(error)}). Make it again, or leave such files out with "
            "--skip-bad."
        ) from error
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise UserError(f"The image {path} has changed while the folder was read. Ask again when it is at rest.")
    height, width = pixels.shape[:2]
    resolution = min(height, width)
    top, left = (height - resolution) // 2, (width - resolution) // 2
    return pixels[top : top + resolution, left : left + resolution]
