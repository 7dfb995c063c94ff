"""Skip-thought vectors as a plug-in: a look-up, with nothing to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import Field

from t2ibench.core.errors import UserError
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import Caption, ModelCard, Origin
from t2ibench.text.sentence_vectors.look_up import FileLookUp
from t2ibench.text.sentence_vectors.vector_file import digest_of_vectors, key_of, read_vectors

_FILE: Final = "file"
_NAMED: Final = 5
"""Captions without a vector that an error names."""


class SkipThoughtsParameters(Frozen):
    """What the vectors depend on.

    Attributes:
        file: of the vectors, in the data set's folder or anywhere; see `vector_file`.
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
