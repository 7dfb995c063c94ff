"""All files of one data set: which are there, which were brought, which are fetched, and what is left to do by hand."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.files import readable_size, require_space
from t2ibench.core.spec.benchmarks import SourceFile
from t2ibench.core.workspace import Workspace
from t2ibench.data.fetch.digests import Digests, digest_with_bar
from t2ibench.data.fetch.download import Patience, download
from t2ibench.data.fetch.install import FOLDER, finish_moving, install, installed
from t2ibench.data.fetch.unpack import unpacked_size

SPARE: Final = 64 << 20
"""Bytes of a disk that are left free."""
_ADVICE: Final = "Free some space, or choose another --root."


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was done.

    Attributes:
        done: archive -> "fetched", "taken from <file>" or "there already".
        by_hand: archives that only a person can fetch and that are not there; the set is incomplete without them.
    """

    done: Mapping[str, str]
    by_hand: tuple[str, ...]


def fetch_files(
    name: str,
    files: Mapping[str, SourceFile],
    root: Path,
    workspace: Workspace,
    *,
    brought: Path | None = None,
    keep: bool = False,
    patience: Patience | None = None,
) -> Fetched:
    """Bring the files of a data set to `root`; what is there already is left as it is.

    An archive is taken from `brought`, else downloaded, else left for the user; it is checked, unpacked aside and
    moved into place. Killed at any moment, the next call goes on.

    Args:
        name: of the data set.
        files: its archives, as in benchmarks.toml.
        root: the folder the files go to; made if missing.
        workspace: where digests are recorded.
        brought: a folder with archives that were fetched by hand; they are read there and left there.
        keep: whether downloaded archives are kept, in `root`/.fetch.
        patience: with slow servers.

    Raises:
        UserError: a file is damaged, not to be trusted, or not the right one; or another `fetch` is at work there.
        RunFailedError: a file could not be had from any address; or there is no room for it.
    """
    if brought is not None and not brought.is_dir():
        raise UserError(f"{brought} is not a folder: --from wants the folder that holds files fetched by hand.")
    with _locked(root):
        for archive in files:
            finish_moving(root, archive)
        given = {} if brought is None else {archive: _find(brought, archive) for archive in files}
        there = {archive for archive, source in files.items() if _is_there(root, archive, source)}
        wanted = _wanted(files, there, {archive for archive, path in given.items() if path})
        by_hand = [archive for archive in wanted if files[archive].by_hand and not given.get(archive)]
        todo = [archive for archive in wanted if archive not in by_hand]
        for archive in by_hand if todo else ():
            _tell(f"{archive} is for you to fetch meanwhile, from {files[archive].url} ({files[archive].note}).")
        require_space(root, _needed(files, todo, given, root), f"the files of {name}", _ADVICE, spare=SPARE)
        done = {archive: "there already" for archive in files if archive in there}
        run = _Run(root, Digests(workspace), keep, patience or Patience())
        for archive in todo:
            path = given.get(archive)
            if path is not None:
                run.take(archive, files[archive], path)
                done[archive] = f"taken from {path}"
            else:
                run.fetch(archive, files[archive])
                done[archive] = "fetched"
    return Fetched(done, tuple(by_hand))


@dataclass(frozen=True, slots=True)
class _Run:
    """One call's settings."""

    root: Path
    digests: Digests
    keep: bool
    patience: Patience

    def take(self, archive: str, source: SourceFile, path: Path) -> None:
        """Install an archive that a user has brought."""
        sha256 = digest_with_bar(path, archive)
        fault = self.digests.fault(source, sha256)
        if fault:
            raise UserError(f"{path} is not the right file: {fault}. Fetch it again from {source.url}.")
        self._install(archive, path, sha256)
        self.digests.record(source, sha256)  # only now: what cannot be unpacked is not what to expect

    def fetch(self, archive: str, source: SourceFile) -> None:
        """Download an archive, unless that was done before, and install it."""
        target = self.root / FOLDER / archive
        seen: list[str] = []

        def accept(path: Path) -> str:
            seen.append(digest_with_bar(path, archive))
            return self.digests.fault(source, seen[-1])

        if not target.is_file() or accept(target):
            target.unlink(missing_ok=True)
            _tell(f"{archive}: fetching {readable_size(source.size) if source.size else 'it'} from {source.url}")
            known = bool(self.digests.expected(source))
            urls = [source.url, *source.mirrors]
            download(urls, target, accept, mix=known, patience=self.patience)
        try:
            self._install(archive, target, seen[-1])
        except UserError as error:
            if not (isinstance(error, RunFailedError) or self.digests.expected(source)):
                target.unlink()  # never known to be right: it must not be found again
            raise
        self.digests.record(source, seen[-1])
        if not self.keep:
            target.unlink()

    def _install(self, archive: str, path: Path, sha256: str) -> None:
        _tell(f"{archive}: unpacking into {self.root}")
        require_space(self.root, unpacked_size(path), f"unpacking {archive}", _ADVICE, spare=SPARE)
        install(path, self.root, archive, sha256)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    try:
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / FOLDER / "lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(
            f"Another `t2ibench data fetch` is writing to {root}: wait for it, or choose another --root."
        ) from None
    except OSError as error:
        raise UserError(f"{root} cannot be written: {error.strerror}. Choose another --root.") from error
    try:
        yield
    finally:
        lock.release()


def _is_there(root: Path, archive: str, source: SourceFile) -> bool:
    return bool(installed(root, archive)) or any((root / file).exists() for file in source.holds)


def _wanted(files: Mapping[str, SourceFile], there: set[str], given: set[str]) -> list[str]:
    """Return the archives to bring: neither there, nor replaced by one that can stand in and is there or given."""
    replaced = {files[archive].instead_of for archive in there | given}
    return [
        archive
        for archive, source in files.items()
        if archive not in there and (archive in given or not (source.instead_of or archive in replaced))
    ]


def _find(folder: Path, archive: str) -> Path | None:
    """Return a file fetched by hand: of the archive's name, or as browsers rename it ("birds (1).zip", "birds-2.zip").

    Raises:
        UserError: several could be meant.
    """
    if (folder / archive).is_file():
        return folder / archive
    stem, dot, suffix = archive.partition(".")
    pattern = re.compile(rf"{re.escape(stem)}( ?\(\d+\)|-[\w-]+)?{re.escape(dot + suffix)}", re.IGNORECASE)
    found = sorted(path for path in folder.iterdir() if path.is_file() and pattern.fullmatch(path.name))
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise UserError(f"{folder} holds {names}: call the one that is right {archive}, so that it is told apart.")
    return found[0] if found else None


def _needed(files: Mapping[str, SourceFile], todo: list[str], given: Mapping[str, Path | None], root: Path) -> int:
    """Return the bytes that all files will take where sizes are known, and the largest archive beside them."""
    total = archives = 0
    for archive in todo:
        path = given.get(archive)
        size = files[archive].size
        total += unpacked_size(path) if path else size
        if path is None:
            here = [root / FOLDER / f"{archive}{end}" for end in ("", ".part")]
            archives = max(archives, size - sum(file.stat().st_size for file in here if file.is_file()))
    return total + archives
