"""Which images a folder holds, by name and digest; remembered, so that nothing unchanged is read again."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, read_json, write_json
from t2ibench.core.reading.file_names import shown
from t2ibench.data.images import reading_threads, reason_of
from t2ibench.data.listing import Listing, list_images
from t2ibench.data.manifest import stamp_of
from t2ibench.evaluation.external.image_file import ImageFacts, header_of

SCAN_VERSION: Final = 3


def images_of(folder: Path) -> Listing:
    """Return the image files below a folder and what else lies there; see `list_images`.

    Raises:
        UserError: the folder is missing, cannot be read or holds no image.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UserError(f"{folder} {what}: --images wants the folder that the images lie in.")
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
