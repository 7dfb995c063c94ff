"""One file over HTTP: resumed where it was cut, tried from every mirror, accepted only if its digest is right."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import requests
from tqdm import tqdm

from t2ibench.core.errors import RunFailedError
from t2ibench.core.files import read_json, write_json

_BLOCK: Final = 1 << 16
"""Bytes written at a time; of a block that a cut leaves unfinished nothing is kept."""
_PARTIAL, _OUT_OF_RANGE = 206, 416
_FOR_A_WHILE: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same address is asked again; other errors go to the next mirror at once."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        attempts: tries in a row that bring not a byte before an address is given up.
        wait: seconds before the second try; doubled every time, up to a minute.
        timeout: seconds of silence that count as a cut.
    """

    attempts: int = 6
    wait: float = 1.0
    timeout: float = 60.0


def download(
    urls: Sequence[str],
    target: Path,
    accept: Callable[[Path], str],
    *,
    mix: bool,
    patience: Patience,
) -> str:
    """Fetch a file to `target`, and return the address it came from.

    What arrives is kept in `<target>.part`, with its address and the server's mark of the version (ETag or
    Last-Modified) in `<target>.part.json`. A later call goes on from there with a Range request, if the file behind the
    address has not changed since.

    Args:
        urls: addresses, tried in order.
        target: the file to write; it appears when it is complete and accepted.
        accept: given the complete file, returns "" or why it cannot be taken; such a file is thrown away.
        mix: whether a part from one address may be completed from another, sound where `accept` knows the digest.
        patience: how long to wait.

    Raises:
        RunFailedError: no address gave the file, each with its reason; or the disk is full. The part is kept.
    """
    part = _Part(target)
    reasons: list[str] = []
    for url in urls:
        reason = ""
        for _ in range(2):  # a file made of pieces that turns out wrong is fetched once more as a whole
            pieces = part.resumable(url, mix)
            if not pieces:
                part.discard()
            reason = _fetch(url, part, patience)
            if not reason:
                reason = accept(part.path)
                if not reason:
                    part.keep_as(target)
                    return url
                part.discard()
                if pieces:
                    continue
            break
        reasons.append(f"{url}: {reason}")
        if url != urls[-1]:
            print(f"{reasons[-1]}; trying the next address.", file=sys.stderr)
    kept = " What has arrived is kept: ask again to go on from there." if part.size else ""
    raise RunFailedError(
        f"{target.name} could not be fetched ({'; '.join(reasons)}).{kept} Or fetch it by hand and name its folder "
        "with --from."
    )


class _Part:
    """What has arrived of a file, and where from."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def noted(self) -> dict[str, str]:
        note = read_json(self._note, what="a note on a download") if self._note.is_file() else {}
        return note if isinstance(note, dict) else {}

    def resumable(self, url: str, mix: bool) -> bool:
        note = self.noted()
        return self.size > 0 and (mix or (note.get("url") == url and bool(note.get("version"))))

    def note(self, url: str, version: str) -> None:
        write_json(self._note, {"url": url, "version": version})

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def keep_as(self, target: Path) -> None:
        self.path.replace(target)
        self._note.unlink(missing_ok=True)


def _fetch(url: str, part: _Part, patience: Patience) -> str:
    """Bring the part to its full length; return "" or why that failed."""
    fruitless = 0
    while True:
        before = part.size
        try:
            refusal, again = _receive(url, part, patience)
        except requests.RequestException as error:
            refusal, again = f"{type(error).__name__}, {_shortened(error)}", True
        except OSError as error:
            raise RunFailedError(
                f"Writing {part.path} failed: {error.strerror or error}. Free some space and ask again: it goes on "
                "from what has arrived."
            ) from error
        if not refusal:
            return ""
        fruitless = 0 if part.size > before else fruitless + 1
        if not again or fruitless >= patience.attempts:
            return refusal
        time.sleep(min(60.0, patience.wait * 2 ** max(0, fruitless - 1)))


def _receive(url: str, part: _Part, patience: Patience) -> tuple[str, bool]:
    """Ask once for what is missing; return (the reason it is still incomplete or "", whether asking again may help)."""
    have = part.size
    # A compressed transfer would count other bytes than the file's.
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        note = part.noted()
        if note.get("version") and note.get("url") == url:
            headers["If-Range"] = note["version"]
    with requests.get(
        url, headers=headers, stream=True, timeout=(min(15.0, patience.timeout), patience.timeout)
    ) as got:
        if got.status_code == _OUT_OF_RANGE and have:
            if got.headers.get("Content-Range", "").rpartition("/")[2] == str(have):
                return "", False  # complete already
            part.discard()
            return "the server has another file than before", True
        if not got.ok:
            return f"{got.status_code} {got.reason}", got.status_code in _FOR_A_WHILE
        if got.status_code != _PARTIAL:
            have = 0  # the server sends all of it: another version, or it cannot resume
        elif not got.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.discard()
            return "the server sent another range than asked for", True
        length = got.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else None
        part.note(url, _version(got.headers))
        _write(got, part.path, have, total)
    if total is not None and part.size != total:
        return f"cut after {part.size:,} of {total:,} bytes", True
    return "", False


def _write(got: requests.Response, path: Path, have: int, total: int | None) -> None:
    name = path.name.removesuffix(".part")
    with (
        path.open("r+b" if have else "wb") as file,
        tqdm(total=total, initial=have, desc=name, unit="B", unit_scale=True, disable=None) as bar,
    ):
        file.seek(have)
        for block in got.iter_content(_BLOCK):
            file.write(block)
            bar.update(len(block))


def _version(headers: requests.structures.CaseInsensitiveDict[str]) -> str:
    """Return what If-Range can be given; a weak ETag cannot."""
    tag = str(headers.get("ETag", ""))
    return tag if tag and not tag.startswith("W/") else str(headers.get("Last-Modified", ""))


def _shortened(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
