"""A file of sentence vectors with the captions they are of: its form, its checks."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, digest_of_file

_LENGTH_TOLERANCE: Final = 1e-3
_FORM: Final = (
    'A file of sentence vectors is a .npz with the arrays "vectors" (N x D) and "captions" (N texts), or a .npy of the '
    "vectors with a .txt of the same name beside it that holds a caption a line."
)


def key_of(text: str) -> str:
    """Return a caption as it is looked up: stripped, single spaces, case kept."""
    return " ".join(text.split())


def digest_of_vectors(path: Path) -> str:
    """Return the SHA-256 of what `read_vectors` reads.

    Raises:
        UserError: a file is missing.
    """
    parts = _parts(path)
    for part in parts:
        if not part.is_file():
            raise UserError(
                f'{part} is missing: with text = "skip-thoughts" a model reads sentence vectors that were computed '
                f"beforehand. {_FORM} Name it with --set skip_thoughts.file=PATH, or leave the variant out."
            )
    return digest_of([digest_of_file(part) for part in parts])


def read_vectors(path: Path, dimension: int) -> dict[str, np.ndarray]:
    """Return caption -> float32 `dimension`, the caption as `key_of` writes it. Nothing pickled is ever read.

    A half whose length is not 1 is warned of and left as it is.

    Raises:
        UserError: the file is damaged, of another form or width, not finite, or has two vectors for one caption.
    """
    vectors, captions = _content(path)
    if vectors.ndim == 3:
        raise UserError(
            f"{path} holds {' x '.join(map(str, vectors.shape))} numbers, the form of char-CNN-RNN codes (images x "
            "captions x 1024), which are no skip-thought vectors. Name another file."
        )
    if vectors.shape != (len(captions), dimension) or vectors.dtype.kind != "f":
        raise UserError(
            f"{path} holds {' x '.join(map(str, vectors.shape))} of {vectors.dtype} for {len(captions)} captions; "
            f"expected are {len(captions)} x {dimension} floats. Encode the captions again."
        )
    if not np.isfinite(vectors).all():
        raise UserError(f"{path} holds vectors that are not finite. Encode the captions again.")
    lengths = np.linalg.norm(vectors.reshape(len(vectors), 2, dimension // 2), axis=2)
    off = int((np.abs(lengths - 1) > _LENGTH_TOLERANCE).any(axis=1).sum())
    if off:
        warnings.warn(f"{path}: {off} of {len(vectors)} vectors have halves whose length is not 1.", stacklevel=2)
    found: dict[str, np.ndarray] = {}
    for caption, vector in zip(captions, vectors.astype(np.float32), strict=True):
        first = found.setdefault(key_of(caption), vector)
        if not np.array_equal(first, vector):
            raise UserError(f"{path} has two different vectors for the caption {caption!r}. Encode the captions again.")
    return found


def _parts(path: Path) -> tuple[Path, ...]:
    return (path, path.with_suffix(".txt")) if path.suffix == ".npy" else (path,)


def _content(path: Path) -> tuple[np.ndarray, list[str]]:
    try:
        if path.suffix == ".npy":
            captions: Any = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
            return np.load(path, allow_pickle=False), captions
        with np.load(path, allow_pickle=False) as archive:
            return archive["vectors"], [str(one) for one in archive["captions"]]
    except Exception as error:  # zipfile and numpy raise a dozen kinds between them for a damaged file
        raise UserError(f"{path} cannot be read ({error}). {_FORM}") from error
