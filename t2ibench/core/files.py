"""Writing files so that a kill at any moment leaves either the old content or the new one, and digests of files."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.reading.text import parse_json

_TEMPORARY: Final = ".part"
_FORBIDDEN: Final = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR)


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; when the block ends well it is synced and renamed over `target`.

    Raises:
        UserError: the folder cannot be created or written.
        RunFailedError: the disk is full.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=_TEMPORARY)
        os.close(handle)
    except OSError as error:
        raise writing_failed(target, error) from error
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:
        raise writing_failed(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def writing_failed(target: Path | str, error: Exception) -> UserError:
    """Return the error for a file that could not be written: space is asked for only where more of it may help."""
    reason = getattr(error, "strerror", None) or error  # safetensors has errors of its own
    if getattr(error, "errno", None) in _FORBIDDEN:
        return UserError(
            f"Cannot write {target}: {reason}. Choose another place, such as another --workspace, or change its "
            "permissions."
        )
    return RunFailedError(
        f"Writing {target} failed: {reason}. Nothing was changed there; free some space and ask again."
    )


def check_writable(folder: Path) -> None:
    """Make a file for a moment where a folder is or will be, before hours of work depend on it.

    Raises:
        UserError: that is not allowed, or the disk is full.
    """
    try:
        there = next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise writing_failed(folder, error) from error


def require_space(folder: Path, needed: int, what: str, advice: str, *, spare: int = 0) -> None:
    """Check that a disk has room, before anything is written.

    Args:
        folder: where it will be written; it need not exist yet.
        needed: bytes, beyond those already there.
        what: what takes them, for the error, as in "the files of coco".
        advice: what to do, a sentence.
        spare: bytes that are to be left free besides.

    Raises:
        RunFailedError: there is too little.
    """
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < needed + spare:
        raise RunFailedError(
            f"The disk of {folder} has {readable_size(free)} left, but {what} will take about {readable_size(needed)}. "
            f"{advice}"
        )


def readable_size(count: float) -> str:
    """Return a number of bytes as a person writes it, as in "13.5 GB"."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"


def remove_temporary_files(folder: Path) -> None:
    """Remove the files that a killed process was writing anywhere below `folder`. Call it under their writer's lock."""
    for path in folder.rglob(f".*{_TEMPORARY}"):
        with suppress(OSError):
            path.unlink()


def write_text(target: Path, text: str) -> None:
    """Write `text` as UTF-8 to `target`, atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(target: Path, content: bytes) -> None:
    """Write `content` to `target`, atomically."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def write_json(target: Path, value: Any) -> None:
    """Write `value` as indented JSON to `target`, atomically. NaN and infinity are refused (ValueError)."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_json_lines(target: Path, values: Iterable[Mapping[str, object]]) -> None:
    """Write values as JSON, one a line, atomically; `text_lines` parts them again."""
    write_text(target, "".join(json_line(value) for value in values))


def json_line(value: Mapping[str, object]) -> str:
    """Return a value as JSON in one line with its line feed. NaN and infinity are refused (ValueError)."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(path: Path, *, what: str) -> Any:
    """Return the parsed content of a JSON file.

    Args:
        path: the file.
        what: what the file is, for the error, as in "the manifest of the data set".

    Raises:
        UserError: the file is missing or is not JSON.
    """
    try:
        return parse_json(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: it should hold {what}.") from error
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read as {what} ({error}). It may be truncated: delete it and ask again."
        ) from error


def canonical_json(value: Any) -> str:
    """Return the one JSON text of `value`: sorted keys, no spaces, no NaN. Equal values give equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Any) -> str:
    """Return the SHA-256 (64 hex digits) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 (64 hex digits) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
