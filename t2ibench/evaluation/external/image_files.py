"""Image files of somebody else's folder: which there are, what their headers say, their central squares.

What was read of a folder is remembered, so that nothing unchanged is read again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, read_json, write_json
from t2ibench.core.reading.file_names import shown
from t2ibench.data.depth import Depth
from t2ibench.data.images import IMAGE_FAULTS, opened, reading_threads, reason_of, rgb_of
from t2ibench.data.listing import Listing, list_images
from t2ibench.data.manifest import stamp_of

SCAN_VERSION: Final = 3


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


def check_folder(folder: Path) -> None:
    """Raise a UserError unless there is such a folder."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UserError(f"{folder} {what}: --images wants the folder that the images lie in.")


def images_of(folder: Path) -> Listing:
    """Return the image files below a folder and what else lies there; see `list_images`.

    Raises:
        UserError: the folder is missing, cannot be read or holds no image.
    """
    check_folder(folder)
    try:
        found = list_images(folder)
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    if not found.images:
        raise UserError(
            f"There is no image in {folder}: --images wants a folder with images, in it or below it. "
            f"{found.unread()}".rstrip()
        )
    return found


def scan_images(folder: Path, names: Sequence[str], memory: Path, *, decode: bool) -> list[ImageFacts]:
    """Return the facts of files, in order.

    Args:
        folder: where they lie.
        names: relative to it.
        memory: folder where the facts are kept; files whose size and time have not changed are not read again.
        decode: read every pixel, so that each damaged file is known; otherwise headers only.
    """
    path = memory / f"{digest_of([shown(str(folder.absolute())), list(names)])[:32]}.json"
    key = {"version": SCAN_VERSION, "stamp": stamp_of(folder, names)}
    if path.is_file():
        try:
            kept = read_json(path, what="the memory of a folder")
            if kept["key"] == key and (kept["decoded"] or not decode):
                return [ImageFacts(**facts) for facts in kept["files"]]
        except (UserError, KeyError, TypeError):
            pass  # damaged or of an older form: it can always be made anew

    def look(name: str) -> ImageFacts:
        return _facts(folder, name, decode=decode)

    with ThreadPoolExecutor(reading_threads()) as pool:  # PIL and hashlib hold no lock of Python's
        facts = list(pool.map(look, names))
    write_json(path, {"key": key, "decoded": decode, "files": [dataclasses.asdict(one) for one in facts]})
    return facts


def _facts(folder: Path, name: str, *, decode: bool) -> ImageFacts:
    """Return what one reading of a file says: its digest is that of the very bytes whose header was looked at."""
    try:
        content = (folder / name).read_bytes()
        width, height, mode, form = header_of(content, decode=decode)
    except FileNotFoundError:
        return ImageFacts(name, "", fault="the file is missing")
    except Exception as error:  # PIL raises many kinds for a damaged file
        return ImageFacts(name, "", fault=reason_of(error))
    return ImageFacts(name, hashlib.sha256(content).hexdigest(), width, height, mode, form)


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
