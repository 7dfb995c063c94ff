"""Whether the disk has room, asked before anything is written."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from t2ibench.core.errors import RunFailedError

SPARE: Final = 64 << 20
"""Bytes that are left free."""


def check_space(folder: Path, needed: int, what: str) -> None:
    """Check that `needed` bytes fit onto the disk of an existing folder.

    Args:
        folder: where they will be written.
        needed: bytes, beyond those already there.
        what: what needs them, for the error, as in "fetching coco".

    Raises:
        RunFailedError: they do not fit.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise RunFailedError(
            f"There is not room enough for {what}: it needs {readable(needed)} on the disk of {folder}, which has "
            f"{readable(free)} free. Free some space, or choose another --root."
        )


def readable(count: int) -> str:
    """Return a number of bytes as a person writes it, as in "13.5 GB"."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
