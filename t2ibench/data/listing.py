"""Which image files lie below a folder, and what else does, by kind: nothing is left out without a word."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from t2ibench.core.reading.file_names import is_utf8, shown

IMAGE_ENDINGS: Final = frozenset(
    (
        ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".gif", ".bmp", ".dib", ".tif", ".tiff",
        ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".dds", ".ico", ".pcx", ".sgi", ".qoi",
    )
)  # fmt: skip
"""Endings of the files that count as images, in small letters; without an ending the first bytes tell."""
_MAGIC: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
_NO_ENDING: Final = "without an ending"
_NOT_UTF8: Final = "with a name that is not UTF-8"
_LINK: Final = "links to a folder that was read already or lies above"


@dataclass(frozen=True)
class Listing:
    """What lies below a folder.

    Attributes:
        images: image files relative to it, sorted, with "/".
        others: kind of file, as in ".npz" or "with a name that is not UTF-8" -> names, sorted.
    """

    images: tuple[str, ...]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def unread(self, used: Iterable[str] = ()) -> str:
        """Return a sentence that counts by kind what is no image and not among `used`; "" where there is nothing."""
        known = set(used)
        left = {kind: [name for name in names if name not in known] for kind, names in self.others.items()}
        total = sum(len(names) for names in left.values())
        if not total:
            return ""
        counts = ", ".join(f"{len(names)} {kind} ({shown(names[0])})" for kind, names in sorted(left.items()) if names)
        return f"{total} files were not read, since they are no images or cannot be named: {counts}."


def list_images(root: Path) -> Listing:
    """Return what lies below a folder; hidden files and folders are left out, linked folders are read once.

    Raises:
        OSError: the folder cannot be read.
    """
    images: list[str] = []
    others: dict[str, list[str]] = {}
    top = os.path.realpath(root)
    seen = {top}
    waiting, links = [""], list[str]()
    while waiting or links:
        if not waiting:  # links come last, so that a folder keeps its own name
            link = links.pop(0)
            real = os.path.realpath(root / link)
            if real in seen or (top + os.sep).startswith(real.rstrip(os.sep) + os.sep):
                others.setdefault(_LINK, []).append(link)
                continue
            waiting.append(link)
        place = waiting.pop()
        seen.add(os.path.realpath(root / place))
        for entry in sorted(os.scandir(root / place), key=lambda one: one.name):
            if entry.name.startswith("."):
                continue
            name = f"{place}/{entry.name}" if place else entry.name
            if entry.is_dir():
                (links if entry.is_symlink() else waiting).append(name)
            elif not is_utf8(name):
                others.setdefault(_NOT_UTF8, []).append(name)
            elif is_image_name(entry.name) or ("." not in entry.name and _looks_like_one(Path(entry.path))):
                images.append(name)
            else:
                others.setdefault(Path(entry.name).suffix.lower() or _NO_ENDING, []).append(name)
    return Listing(tuple(sorted(images)), {kind: tuple(sorted(names)) for kind, names in others.items()})


def is_image_name(name: str) -> bool:
    """Return whether a file's ending is an image's."""
    return Path(name).suffix.lower() in IMAGE_ENDINGS


def _looks_like_one(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return head.startswith(_MAGIC) or head[8:] == b"WEBP" or head[4:] == b"ftypavif"
