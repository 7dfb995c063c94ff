"""Unpacking archives from outside: nothing but plain files and folders, inside one folder, of a bounded size."""

from __future__ import annotations

import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tqdm import tqdm

from t2ibench.core.errors import RunFailedError, UserError

SMALL: Final = 16 << 20
"""Bytes that any archive may unpack to; larger ones are bounded by `RATIO`."""
RATIO: Final = 100
"""How many times its own size an archive may unpack to; JSON and text reach about 20, zeros about 1,000."""
MOST_FILES: Final = 2_000_000
NESTED: Final = "text.zip"
"""AttnGAN's metadata has its captions in an archive of this name inside the archive."""
_BLOCK: Final = 1 << 20
_DAMAGED: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError)


class Unpacked:
    """What came out of an archive: `files`, and their `bytes`; stops a decompression bomb while it counts."""

    def __init__(self, name: str, most: int) -> None:
        self._name, self._most = name, most
        self.files = self.bytes = 0

    def add_file(self) -> None:
        """Count a file. Raises UserError: there are too many."""
        self.files += 1
        if self.files > MOST_FILES:
            raise UserError(f"{self._name} holds more than {MOST_FILES:,} files: it is not the data set's. Delete it.")

    def add(self, count: int) -> None:
        """Count bytes of a file. Errors as `check`."""
        self.check(count)
        self.bytes += count

    def check(self, count: int) -> None:
        """Raise UserError if so many bytes more are too many."""
        if self.bytes + count > self._most:
            raise UserError(
                f"{self._name} unpacks to more than {self._most:,} bytes, {RATIO} times its size or more: it is a "
                "decompression bomb or damaged. Delete it and fetch it from its source again."
            )


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    folder: bool
    content: IO[bytes] | None


def unpack(archive: Path, folder: Path, *, name: str = "") -> Unpacked:
    """Unpack a .zip or .tar (also .gz, .bz2, .xz) into an empty folder, the archive of captions inside it too.

    Owners, permissions, times and macOS's resource forks are left out.

    Args:
        archive: the file.
        folder: where to; made if missing. After an error it holds a part, to be deleted.
        name: of the archive, for the errors; its path unless given.

    Raises:
        UserError: it is no archive, is damaged or encrypted, has an entry that is a link or device or lies outside the
            folder or comes twice, or unpacks to more than `RATIO` times its size.
        RunFailedError: the disk is full, or a file cannot be written.
    """
    name = name or str(archive)
    left = Unpacked(name, max(SMALL, RATIO * archive.stat().st_size))
    _unpack(archive, folder, name, left)
    for inner in sorted(folder.rglob(NESTED)):  # listed before: what lies in those archives is not unpacked further
        place = _place_of_texts(inner, f"{inner.name} in {name}")
        _unpack(inner, place, f"{inner.name} in {name}", left)
        left.files -= 1
        left.bytes -= inner.stat().st_size
        inner.unlink()
    return left


def unpacked_size(archive: Path) -> int:
    """Return the bytes that an archive will take: told by a .zip itself, 1.2 times its own size for others."""
    if zipfile.is_zipfile(archive):
        try:
            with zipfile.ZipFile(archive) as opened:
                return sum(info.file_size for info in opened.infolist())
        except zipfile.BadZipFile:
            pass
    return archive.stat().st_size * 6 // 5


def _unpack(archive: Path, folder: Path, name: str, left: Unpacked) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for entry in _entries(archive, name, left):
            _write_entry(entry, folder, name, left)
    except _DAMAGED as error:
        raise _damaged(name, str(error)) from error
    except OSError as error:
        if error.errno is None:  # bz2 and gzip report damage so
            raise _damaged(name, str(error)) from error
        raise RunFailedError(
            f"Unpacking {name} into {folder} failed: {error.strerror or error}. Free some space, or choose another "
            "--root, and ask again."
        ) from error


def _write_entry(entry: _Entry, folder: Path, name: str, left: Unpacked) -> None:
    parts = _safe_parts(entry.name, name)
    if not parts or "__MACOSX" in parts or parts[-1] == ".DS_Store":
        return
    target = folder.joinpath(*parts)
    if entry.folder:
        target.mkdir(parents=True, exist_ok=True)
        return
    left.add_file()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = target.open("xb")
    except FileExistsError:
        raise UserError(f"{name} holds {entry.name!r} twice: it is damaged. Fetch it again.") from None
    assert entry.content is not None
    with file:
        while block := entry.content.read(_BLOCK):
            left.add(len(block))
            file.write(block)


def _entries(archive: Path, name: str, left: Unpacked) -> Iterator[_Entry]:
    title = f"unpacking {archive.name}"
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            infos = opened.infolist()
            total = sum(info.file_size for info in infos)
            left.check(total)  # what the archive says of itself; the bytes are counted too
            with tqdm(total=total, desc=title, unit="B", unit_scale=True, disable=None) as bar:
                for info in infos:
                    kind = stat.S_IFMT(info.external_attr >> 16)
                    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                        raise _odd(name, info.filename)
                    if info.flag_bits & 1:
                        raise UserError(f"{name} is encrypted: it is not the data set's. Fetch it from its source.")
                    if info.is_dir():
                        yield _Entry(info.filename, True, None)
                    else:
                        with opened.open(info) as content:
                            yield _Entry(info.filename, False, content)
                    bar.update(info.file_size)
        return
    with archive.open("rb") as raw:
        start = raw.read(512).lstrip()[:15].lower()
        if start.startswith((b"<!doctype", b"<html", b"<head")):
            raise UserError(
                f"{name} is a web page, not an archive: the site asked to sign in or to confirm. Delete it, download "
                "it with a browser and name its folder with --from."
            )
        raw.seek(0)
        # As a stream: members in order, each once, so that a bar by compressed bytes is right.
        with (
            tarfile.open(fileobj=raw, mode="r|*") as opened_tar,
            tqdm(total=archive.stat().st_size, desc=title, unit="B", unit_scale=True, disable=None) as bar,
        ):
            for member in opened_tar:
                if not (member.isreg() or member.isdir()):
                    raise _odd(name, member.name)
                yield _Entry(member.name, member.isdir(), opened_tar.extractfile(member) if member.isreg() else None)
                bar.update(raw.tell() - bar.n)


def _safe_parts(entry: str, name: str) -> tuple[str, ...]:
    """Return the parts of an entry's path; () for the folder itself.

    Raises:
        UserError: the path is absolute, climbs out, or is written as on Windows.
    """
    parts = tuple(part for part in entry.split("/") if part not in ("", "."))
    drive = bool(parts) and len(parts[0]) > 1 and parts[0][1] == ":"
    if entry.startswith("/") or ".." in parts or "\\" in entry or "\0" in entry or drive:
        raise UserError(
            f"{name} holds {entry!r}, which would lie outside the folder: it is not to be trusted. Delete it and fetch "
            "it from its source again."
        )
    return parts


def _place_of_texts(archive: Path, name: str) -> Path:
    """Return the folder that an archive of captions goes to: where it lies, or text/ if it does not bring that."""
    try:
        with zipfile.ZipFile(archive) as opened:
            tops = {entry.split("/")[0] for entry in opened.namelist() if not entry.startswith("__MACOSX")}
    except _DAMAGED as error:
        raise _damaged(name, str(error)) from error
    return archive.parent if tops == {"text"} else archive.parent / "text"


def _odd(name: str, entry: str) -> UserError:
    return UserError(
        f"{name} holds {entry!r}, a link or a device: it is not to be trusted. Delete it and fetch it from its source "
        "again."
    )


def _damaged(name: str, reason: str) -> UserError:
    said = " ".join(reason.split())[:120]
    return UserError(f"{name} is damaged or no archive ({said}). Delete it and fetch it again.")
