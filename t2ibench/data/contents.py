"""Sizes, digests and faults of many files at once."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm


@dataclass(frozen=True, slots=True)
class FileState:
    """What is known of a file.

    Attributes:
        size: in bytes.
        sha256: of its bytes.
        fault: why it cannot be decoded as an image; "" if it can, or was not tried.
    """

    size: int
    sha256: str
    fault: str = ""


def digests_of(paths: Sequence[Path], *, title: str, decode: bool = False) -> list[FileState]:
    """Return the state of every file, in order.

    Args:
        paths: existing files.
        title: of the bar.
        decode: whether to decode each file as an image too, some 5 ms for a photo.
    """
    with ThreadPoolExecutor(4) as pool:  # hashing, reading and decoding hold no lock of Python's
        states = pool.map(_decoded_state if decode else _state, paths)
        return list(tqdm(states, total=len(paths), desc=title, unit="file", disable=None, delay=1.0))


def _state(path: Path) -> FileState:
    content = path.read_bytes()  # one reading: size and digest are of the same bytes
    return FileState(len(content), hashlib.sha256(content).hexdigest())


def _decoded_state(path: Path) -> FileState:
    from t2ibench.data.images import fault_of_image

    content = path.read_bytes()
    return FileState(len(content), hashlib.sha256(content).hexdigest(), fault_of_image(io.BytesIO(content)))
