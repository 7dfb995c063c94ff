"""From an archive to files in their place: unpacked aside, then moved; killed anywhere, it is finished or redone.

`<root>/.fetch/` keeps, for each archive, `<name>.json` (done: what came out of it) and, only while files are moved,
`<name>.moving.json`. As long as there is one of the latter the folder is not whole, and `data prepare` refuses it.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.files import read_json, write_json
from t2ibench.data.fetch.unpack import unpack

FOLDER: Final = ".fetch"


def unfinished(root: Path) -> tuple[str, ...]:
    """Return the names of the archives whose files a killed `data fetch` has moved in part only."""
    return tuple(sorted(path.name.removesuffix(".moving.json") for path in (root / FOLDER).glob("*.moving.json")))


def installed(root: Path, name: str) -> str:
    """Return the SHA-256 of the archive whose files are in their place; "" if they are not, or were deleted since."""
    path = root / FOLDER / f"{name}.json"
    if (root / FOLDER / f"{name}.moving.json").exists() or not path.is_file():
        return ""
    done = read_json(path, what=f"what was unpacked from {name}")
    if not isinstance(done, dict) or not all((root / entry).exists() for entry in done.get("entries", [""])):
        return ""
    return str(done.get("sha256", ""))


def finish_moving(root: Path, name: str) -> bool:
    """Move what a killed call has left aside; return whether there was anything to finish."""
    journal = root / FOLDER / f"{name}.moving.json"
    if not journal.is_file():
        return False
    facts = read_json(journal, what=f"the state of unpacking {name}")
    staging = _staging(root, name)
    try:
        if staging.is_dir():
            for source, target in list(_moves(staging, root)):
                if target.exists():
                    source.unlink()  # equal, else the move had not begun
                else:
                    source.replace(target)
        if hasattr(os, "sync"):
            os.sync()  # the mark below must not outlive the files after a power cut
        write_json(root / FOLDER / f"{name}.json", facts)
        shutil.rmtree(staging, ignore_errors=True)
        journal.unlink()
    except OSError as error:
        raise RunFailedError(
            f"Moving the files of {name} to {root} failed: {error.strerror or error}. Ask again: it goes on from there."
        ) from error
    return True


def install(archive: Path, root: Path, name: str, sha256: str) -> None:
    """Unpack an archive so that its files lie under `root`; files of equal content that are there already stay.

    Args:
        archive: the file, its digest checked.
        root: the data set's folder.
        name: of the archive in benchmarks.toml.
        sha256: its digest, written to the mark.

    Raises:
        UserError: as `unpack`; or another file of the same name is in the way. Nothing has changed under `root` then.
        RunFailedError: the disk is full.
    """
    staging = _staging(root, name)
    shutil.rmtree(staging, ignore_errors=True)
    try:
        found = unpack(archive, staging, name=name)
        for source, target in _moves(staging, root):
            if target.exists() and (target.is_dir() or not filecmp.cmp(source, target, shallow=False)):
                raise UserError(
                    f"{target} is there already and differs from the one in {name}: move it away, or choose another "
                    "--root."
                )
        entries = sorted(path.name for path in staging.iterdir())
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    facts = {"archive": name, "sha256": sha256, "files": found.files, "bytes": found.bytes, "entries": entries}
    write_json(root / FOLDER / f"{name}.moving.json", facts)
    finish_moving(root, name)


def _staging(root: Path, name: str) -> Path:
    return root / FOLDER / f"{name}.unpacking"


def _moves(staging: Path, root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield what to rename to where: whole folders where there is none of that name, else what is in them."""
    for source in sorted(staging.iterdir()):
        target = root / source.name
        if source.is_dir() and target.is_dir():
            yield from _moves(source, target)
        else:
            yield source, target
