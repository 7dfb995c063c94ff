"""MNIST's own files: big-endian arrays of bytes, plain or gzipped."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from t2ibench.core.errors import UserError

PARTS: Final = {"train": "train", "test": "t10k"}
"""MNIST's part -> how its files' names begin."""

_KINDS: Final = {"images": ("images-idx3-ubyte", 3), "labels": ("labels-idx1-ubyte", 1)}
_FOLDERS: Final = (".", "raw", "MNIST/raw", "mnist/raw", "mnist", "MNIST")
_BYTES: Final = 0x08


def find_mnist(root: Path) -> Path | None:
    """Return the folder of MNIST's files in or below a folder (torchvision has MNIST/raw), None if it is not there."""
    for name in _FOLDERS:
        if _file(root / name, PARTS["train"], "images") is not None:
            return root / name
    return None


def mnist_files(folder: Path) -> list[Path]:
    """Return the four files of MNIST.

    Raises:
        UserError: one is missing.
    """
    found = []
    for prefix in PARTS.values():
        for kind, (ending, _) in _KINDS.items():
            path = _file(folder, prefix, kind)
            if path is None:
                raise UserError(f"{folder / f'{prefix}-{ending}'} is missing: bring all four files of MNIST.")
            found.append(path)
    return found


def read_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return MNIST's images, uint8 N x 28 x 28, and labels, uint8 N.

    Args:
        folder: with the files.
        part: "train" or "test".

    Raises:
        UserError: a file is missing, damaged or not MNIST's.
    """
    arrays = {}
    for kind, (ending, dimensions) in _KINDS.items():
        path = _file(folder, PARTS[part], kind)
        if path is None:
            raise UserError(f"{folder / f'{PARTS[part]}-{ending}'} is missing: bring all four files of MNIST.")
        arrays[kind] = _read(path, dimensions)
    images, labels = arrays["images"], arrays["labels"]
    if images.shape[1:] != (28, 28) or len(images) != len(labels) or (len(labels) and int(labels.max()) > 9):
        raise UserError(f"The files of MNIST's {part} part in {folder} do not belong together: fetch them again.")
    return images, labels


def _file(folder: Path, prefix: str, kind: str) -> Path | None:
    """Return a file, unpacked or not; some copies have a dot where others have a dash."""
    ending, _ = _KINDS[kind]
    names = (f"{prefix}-{ending}", f"{prefix}-{ending.replace('-idx', '.idx')}")
    return next((path for name in names for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read(path: Path, dimensions: int) -> np.ndarray:
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        zero, kind, found = struct.unpack(">HBB", content[:4])
        shape = struct.unpack(f">{found}I", content[4 : 4 + 4 * found])
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise UserError(f"{path} cannot be read ({error}): fetch it again.") from error
    body = content[4 + 4 * found :]
    if zero or kind != _BYTES or found != dimensions or len(body) != math.prod(shape):
        raise UserError(f"{path} is not a whole file of MNIST: fetch it again.")
    return np.frombuffer(body, dtype=np.uint8).reshape(shape)
