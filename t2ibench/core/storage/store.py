"""Content-addressed artefacts: arrays kept under the digest of everything they depend on.

A key is a JSON value that names all of it (weights, plan, extractor, code version); the artefact's folder is called by
the key's SHA-256 and carries the key as a sidecar, so that a changed weight file can never meet an old array. Arrays
are safetensors, never pickles; the sidecar is written last, so a folder with one is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from t2ibench.core.files import atomic_path, digest_of, digest_of_file, read_json, write_json, writing_failed

ARRAYS = "arrays.safetensors"
SIDECAR = "artefact.json"


class Store:
    """Artefacts under one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, kind: str, key: Mapping[str, Any]) -> Path:
        """Return the folder an artefact of this key has or would have."""
        digest = digest_of({"kind": kind, "key": key})
        return self.folder / kind / digest[:2] / digest

    def has(self, kind: str, key: Mapping[str, Any]) -> bool:
        """Return whether a sound artefact is kept under a key: one whose bytes have the recorded digest."""
        folder = self.path(kind, key)
        if not (folder / SIDECAR).is_file():
            return False
        sidecar = read_json(folder / SIDECAR, what="the sidecar of a stored artefact")
        arrays = folder / ARRAYS
        if not arrays.is_file() or digest_of_file(arrays) != sidecar.get("sha256"):
            (folder / SIDECAR).unlink(missing_ok=True)
            return False
        return True

    def get(self, kind: str, key: Mapping[str, Any]) -> dict[str, np.ndarray] | None:
        """Return the arrays kept under a key, or None where there are none.

        An artefact whose bytes no longer have the recorded digest is removed and counts as absent.
        """
        from safetensors.numpy import load_file

        if not self.has(kind, key):
            return None
        return dict(load_file(self.path(kind, key) / ARRAYS))

    def put(self, kind: str, key: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Path:
        """Keep arrays under a key and return their folder. Writing the same key again replaces it with the same bytes.

        Raises:
            UserError: the folder cannot be written.
            RunFailedError: the disk is full.
        """
        from safetensors.numpy import save_file

        folder = self.path(kind, key)
        with atomic_path(folder / ARRAYS) as temporary:
            try:
                save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, temporary)
            except Exception as error:  # safetensors wraps a full disk into its own exception type
                raise writing_failed(folder / ARRAYS, error) from error
        sidecar = {"kind": kind, "key": key, "sha256": digest_of_file(folder / ARRAYS)}
        write_json(folder / SIDECAR, sidecar)
        return folder
