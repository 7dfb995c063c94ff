"""Which of several processes does a piece of work: claims are files, created exclusively, renewed, and taken over.

No lock of the file system is asked for, since NFS and Lustre do not always honour them. A claim is a file made with
O_EXCL that names its owner. A thread of the owner touches it while the work goes on; one that stays untouched for
`SILENCE` by the observer's own clock (clocks of machines may differ), or whose process is gone from this machine, is
taken over. The right to replace one such file is a claim itself, so that of several observers one does it.

An owner that was frozen and wakes goes on with what it had begun. So what is claimed must be safe to do twice, as
writing an artefact under the digest of all it depends on.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from t2ibench.core.files import atomic_path

RENEWAL: Final = 5.0
"""Seconds between an owner's signs of life."""
SILENCE: Final = 60.0
"""Seconds after which an owner without a sign of life counts as gone; shared file systems show it with delay."""
_POLL: Final = 0.05

_last_signs: dict[Path, tuple[str, int, float]] = {}
"""Claim of another process -> its owner, when it was renewed, and when this process first saw that."""


@contextmanager
def claimed(place: Path, *, wait: bool = True) -> Iterator[bool]:
    """Yield whether a piece of work is this process's to do; the claim ends with the block.

    Args:
        place: what is made; the claim lies beside it.
        wait: until it is free, or its owner gone; otherwise yield False at once.

    Raises:
        OSError: the folder cannot be written.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    file = place.with_name(f".{place.name}.claim")
    while (owner := _taken(file)) is None and wait:
        time.sleep(_POLL)
    if owner is None:
        yield False
        return
    done = threading.Event()
    renewal = threading.Thread(target=_renew, args=(file, owner, done), daemon=True)
    renewal.start()
    try:
        yield True
    finally:
        done.set()
        renewal.join()
        if _read(file)[0] == owner:
            file.unlink(missing_ok=True)


def _taken(file: Path) -> str | None:
    """Return this process's name on a claim that it took now; None while somebody else has it."""
    own = f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex}"
    try:
        with file.open("x") as opened:
            opened.write(own)
        return own
    except FileExistsError:
        gone = _gone(file)
    if gone is None:
        return None
    with claimed(file.with_name(f"{file.name}-{gone.rpartition(' ')[2]}"), wait=False) as mine:
        if not mine or _read(file)[0] != gone:  # another one was quicker
            return None
        with atomic_path(file) as temporary:
            temporary.write_text(own)
    return own


def _gone(file: Path) -> str | None:
    """Return the owner of a claim if it is gone, None while it may be at work."""
    owner, renewed = _read(file)
    if owner is None:
        return None
    host, _, rest = owner.partition(" ")
    if host == socket.gethostname() and not _runs(int(rest.partition(" ")[0])):
        return owner
    known = _last_signs.get(file)
    if known is None or known[:2] != (owner, renewed):
        _last_signs[file] = known = (owner, renewed, time.monotonic())
    return owner if time.monotonic() - known[2] > SILENCE else None


def _read(file: Path) -> tuple[str | None, int]:
    """Return (owner, time of renewal in ns) of a claim; None where there is none. NFS is asked anew by opening."""
    try:
        with file.open() as opened:
            return opened.read(), os.fstat(opened.fileno()).st_mtime_ns
    except FileNotFoundError:
        return None, 0


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _renew(file: Path, owner: str, done: threading.Event) -> None:
    while not done.wait(RENEWAL):
        with suppress(OSError):
            if _read(file)[0] != owner:
                return  # taken over: this process had been silent
            os.utime(file)
