"""char-CNN-RNN sentence codes as a plug-in: a look-up, with nothing to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from t2ibench.core.errors import UserError
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import Caption, ModelCard, Origin
from t2ibench.text.char_cnn_rnn.files import SPLITS, CodesFile, find_codes
from t2ibench.text.sentence_vectors.look_up import FileLookUp


class CharCNNRNNParameters(Frozen):
    """What the codes depend on.

    Attributes:
        dimension: numbers a sentence.
        digests: split -> SHA-256 of its file of codes and of the order of the images. The toolkit fills it in when a
            model is trained: it is how a changed file never meets a model, or a number, of another one. Without it no
            file is compared.
    """

    dimension: int = Field(default=1024, ge=1)
    digests: Mapping[str, str] = Field(default_factory=dict)


class CharCNNRNN(FileLookUp):
    """Captions of a data set to the sentence codes that StackGAN came with.

    Reed et al., Learning Deep Representations of Fine-Grained Visual Descriptions, CVPR 2016. The network itself is a
    Lua Torch program and is not part of the toolkit, so a sentence that is not in the files cannot be read. A caption
    is found by its image and its place among the image's captions; its text is not looked at.
    """

    Parameters = CharCNNRNNParameters
    what = "char-CNN-RNN codes"
    CARD = ModelCard(
        title="char-CNN-RNN, precomputed",
        paper="Reed et al., Learning Deep Representations of Fine-Grained Visual Descriptions, CVPR 2016",
        licence="that of the files",
        origin=Origin.OFFICIAL_WEIGHTS,
        notes=("Sentence codes are read from files; only captions of the data set have one.",),
    )

    def __init__(self, parameters: Any, root: Path | None = None) -> None:
        super().__init__(parameters, root)
        self._tables: dict[str, np.ndarray] = {}

    @classmethod
    def _digests(cls, parameters: CharCNNRNNParameters, root: Path) -> dict[str, str]:
        return {split: file.digest for split, file in find_codes(root).items()}

    def _rows(self, captions: Sequence[Caption]) -> list[np.ndarray]:
        return [self._row(caption) for caption in captions]

    def _row(self, caption: Caption) -> np.ndarray:
        if not caption.image_id:
            raise UserError(
                f"The caption {caption.text!r} cannot be read: this model was trained with char-CNN-RNN codes from "
                "files, which hold the data set's captions only. For sentences of your own take a model trained with "
                'text = "damsm".'
            )
        if caption.image_id not in self._places:
            raise UserError(
                f"The caption {caption.text!r} of image {caption.image_id} has no char-CNN-RNN code: "
                f"{' and '.join(str(file.names) for file in self._files.values())} do not name that image. They come "
                "from another release than the data set: fetch both again."
            )
        split, row = self._places[caption.image_id]
        codes = self._table(split)[row]
        if caption.index >= len(codes):
            raise UserError(
                f"Image {caption.image_id} has {len(codes)} char-CNN-RNN codes, so its caption number "
                f"{caption.index + 1}, {caption.text!r}, has none. Lower captions_per_image of the data set in "
                f"benchmarks.toml to {len(codes)}."
            )
        found: np.ndarray = codes[caption.index]
        return found

    @cached_property
    def _files(self) -> dict[str, CodesFile]:
        return find_codes(self._folder)

    @cached_property
    def _places(self) -> dict[str, tuple[str, int]]:
        """Image id -> split and row."""
        return {name: (split, row) for split in SPLITS for name, row in self._files[split].rows().items()}

    def _table(self, split: str) -> np.ndarray:
        """Return a split's codes, images x captions x D, read once."""
        if split not in self._tables:
            file = self._files[split]
            wanted = self.parameters.digests.get(split)
            if wanted is not None and wanted != file.digest:
                raise UserError(
                    f"{file.codes} (or {file.names.name} beside it) is not the file that the model was trained with. "
                    "Put that one back, or train the model again."
                )
            self._tables[split] = file.read(self.dimension)
        return self._tables[split]
