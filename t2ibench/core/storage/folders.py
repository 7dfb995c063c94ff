"""Folders that are complete or absent: written beside their place, digests last, then renamed into it.

Checkpoints and model folders are such folders. A kill at any moment leaves the old folder, the new one or a hidden
temporary one, never a half-written one under the final name.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file, read_json, write_json, writing_failed

MANIFEST: Final = "manifest.json"
_TEMPORARY: Final = ".part-"


@contextmanager
def complete_folder(target: Path, *, what: str, facts: Mapping[str, Any] | None = None) -> Iterator[Path]:
    """Yield a temporary folder to fill; when the block ends well it takes the place of `target`.

    The digests and sizes of all files in it are written to manifest.json last.

    Args:
        target: the folder's final path.
        what: what it is, for errors, as in "the checkpoint".
        facts: further JSON values for the manifest.

    Raises:
        UserError: the place cannot be written.
        RunFailedError: the disk is full or failed; `target` is as it was.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}{_TEMPORARY}"))
    except OSError as error:
        raise writing_failed(f"{what} to {target}", error) from error
    try:
        yield temporary
        files = sorted(path for path in temporary.iterdir() if path.is_file())
        entries = {path.name: {"bytes": path.stat().st_size, "sha256": digest_of_file(path)} for path in files}
        for path in files:
            _sync(path)
        write_json(temporary / MANIFEST, {"schema": 1, **(facts or {}), "files": entries})
        temporary.chmod(0o755)
        _replace(temporary, target)
        _sync(target.parent)
    except (OSError, SafetensorError) as error:
        raise writing_failed(f"{what} to {target}", error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def fault_of(folder: Path, *, deep: bool = True) -> str:
    """Return what is wrong with a folder that `complete_folder` wrote, "" if nothing is.

    Args:
        folder: the folder.
        deep: compare digests; False compares sizes only.
    """
    if not folder.is_dir():
        return "it does not exist"
    if not (folder / MANIFEST).is_file():
        return f"{MANIFEST} is missing, so it was never completed"
    try:
        entries = read_json(folder / MANIFEST, what="the digests of the folder's files")["files"]
        for name, entry in entries.items():
            path = folder / name
            if not path.is_file():
                return f"{name} is missing"
            size = path.stat().st_size
            if size != entry["bytes"]:
                return f"{name} has {size} bytes instead of {entry['bytes']}"
            if deep and digest_of_file(path) != entry["sha256"]:
                return f"{name} was changed or damaged (its SHA-256 is not the recorded one)"
    except UserError as error:
        return str(error).rstrip(".")
    except (KeyError, TypeError, AttributeError):
        return f"{MANIFEST} is not of the expected form"
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    return ""


def remove_leftovers(parent: Path) -> None:
    """Remove temporary folders that a killed process left in `parent`. Call it under the lock of their writer only."""
    for path in parent.glob(f".*{_TEMPORARY}*"):
        shutil.rmtree(path, ignore_errors=True)


def _replace(source: Path, target: Path) -> None:
    """Rename `source` to `target`, moving an existing folder out of the way first (rename needs an empty place)."""
    if not target.exists():
        source.rename(target)
        return
    old = target.with_name(f".{target.name}{_TEMPORARY}old")
    shutil.rmtree(old, ignore_errors=True)
    target.rename(old)
    source.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
