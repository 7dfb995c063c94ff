"""Skip-thought vectors as a plug-in: a look-up in a file of vectors and captions, with nothing to learn."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import Field

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, digest_of_file
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import Caption, ModelCard, Origin
from t2ibench.text.sentence_vectors.look_up import FileLookUp

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


_FILE: Final = "file"
_NAMED: Final = 5
"""Captions without a vector that an error names."""


class SkipThoughtsParameters(Frozen):
    """What the vectors depend on.

    Attributes:
        file: of the vectors, in the data set's folder or anywhere; see `read_vectors`.
        dimension: numbers a sentence.
        digests: SHA-256 of the file, under "file". The toolkit fills it in when a model is trained: a changed file
            never meets a model, or a number, of another one.
    """

    file: str = "skip-thoughts.npz"
    dimension: int = Field(default=4800, ge=2, multiple_of=2)
    digests: Mapping[str, str] = Field(default_factory=dict)


class SkipThoughts(FileLookUp):
    """Captions to the skip-thought vectors that a file holds of them.

    Kiros et al., Skip-Thought Vectors, NIPS 2015. The encoder itself is a Theano program with pickled files of two
    gigabytes and no part of the toolkit, so a sentence that the file does not hold cannot be read.
    """

    Parameters = SkipThoughtsParameters
    what = "skip-thought vectors"
    CARD = ModelCard(
        title="Skip-thought vectors, precomputed",
        paper="Kiros et al., Skip-Thought Vectors, NIPS 2015",
        licence="that of the file",
        origin=Origin.OFFICIAL_WEIGHTS,
        notes=("Vectors are read from a file; only captions in it have one.",),
    )

    @classmethod
    def _digests(cls, parameters: SkipThoughtsParameters, root: Path) -> dict[str, str]:
        return {_FILE: digest_of_vectors(root / parameters.file)}

    def _rows(self, captions: Sequence[Caption]) -> list[np.ndarray]:
        table = self._table
        missing = [caption.text for caption in captions if key_of(caption.text) not in table]
        if missing:
            raise UserError(
                f"{self._path} has no skip-thought vector for {len(missing)} of {len(captions)} captions: "
                f"{', '.join(map(repr, missing[:_NAMED]))}. Encode them too, or take a model that reads any sentence."
            )
        return [table[key_of(caption.text)] for caption in captions]

    @property
    def _path(self) -> Path:
        file = Path(self.parameters.file)
        return file if file.is_absolute() else self._folder / file

    @cached_property
    def _table(self) -> Mapping[str, np.ndarray]:
        wanted = self.parameters.digests.get(_FILE)
        if digest_of_vectors(self._path) != wanted and wanted is not None:
            raise UserError(
                f"{self._path} is not the file that the model was trained with. Put that one back, or train again."
            )
        return read_vectors(self._path, self.dimension)
