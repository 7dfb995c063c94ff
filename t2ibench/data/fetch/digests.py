"""SHA-256 of fetched files: those of benchmarks.toml, and those recorded when a file was first seen."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from filelock import FileLock
from tqdm import tqdm

from t2ibench.core.files import read_json, write_json
from t2ibench.core.spec.benchmarks import SourceFile
from t2ibench.core.workspace import Workspace

_BLOCK: Final = 1 << 20
FILE_NAME: Final = "fetched-digests.json"


class Digests:
    """What the files behind addresses must be.

    Args:
        workspace: where digests that benchmarks.toml does not know are recorded, in data/fetched-digests.json.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.path = workspace.data / FILE_NAME

    def expected(self, source: SourceFile) -> str:
        """Return the SHA-256 a file must have; "" where it was never seen."""
        return source.sha256 or self._recorded().get(source.url, "")

    def fault(self, source: SourceFile, sha256: str) -> str:
        """Return "" if a file with this digest is the right one, else why it is not."""
        expected = self.expected(source)
        if expected in ("", sha256):
            return ""
        known = (
            "benchmarks.toml knows"
            if source.sha256
            else f"was recorded in {self.path} when the file was first fetched (delete its line if the publisher has "
            "changed the file)"
        )
        return f"its SHA-256 is {sha256}, not {expected} as {known}"

    def record(self, source: SourceFile, sha256: str) -> None:
        """Remember a file's digest if benchmarks.toml does not know it."""
        if source.sha256:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self.path.with_name(f".{FILE_NAME}.lock")):
            write_json(self.path, {**self._recorded(), source.url: sha256})

    def _recorded(self) -> dict[str, str]:
        found = read_json(self.path, what="digests of fetched files") if self.path.is_file() else {}
        return found if isinstance(found, dict) else {}


def digest_with_bar(path: Path, name: str) -> str:
    """Return the SHA-256 of a file, with a bar on stderr where that takes more than a second."""
    digest, size = hashlib.sha256(), path.stat().st_size
    with (
        path.open("rb") as raw,
        tqdm.wrapattr(raw, "read", size, desc=f"checking {name}", disable=None, delay=1.0) as file,
    ):
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
