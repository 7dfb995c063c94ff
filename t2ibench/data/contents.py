"""Sizes and digests of many files at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from t2ibench.files import digest_of_file


@dataclass(frozen=True, slots=True)
class FileState:
    """Size in bytes and SHA-256 of a file."""

    size: int
    sha256: str


def digests_of(paths: Sequence[Path], *, title: str, progress: bool) -> list[FileState]:
    """Return the state of every file, in order; `progress` shows a bar with the time left on stderr."""
    with ThreadPoolExecutor(4) as pool:  # hashing and reading hold no lock of Python's
        states = pool.map(_state, paths)
        silent = None if progress else True  # None: silent unless stderr is a terminal
        return list(tqdm(states, total=len(paths), desc=title, unit="file", disable=silent, delay=1.0))


def _state(path: Path) -> FileState:
    return FileState(path.stat().st_size, digest_of_file(path))
