"""Sentence codes computed long ago by the char-CNN-RNN of Reed et al., read from the files that StackGAN came with.

StackGAN's data has them beside filenames.pickle, one a split: data/birds/train/char-CNN-RNN-embeddings.pickle holds a
list that converts to an array of images x captions x 1024, in the order of filenames.pickle and of the caption files'
lines. The same array is taken from a .npz or .safetensors file of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import Field

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, digest_of_file
from t2ibench.core.reading.pickles import read_plain_pickle
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import Caption, ModelCard, Origin
from t2ibench.text.sentence_vectors.look_up import FileLookUp

STEM: Final = "char-CNN-RNN-embeddings"
SPLITS: Final = ("train", "test")
_ENDINGS: Final = (".pickle", ".safetensors", ".npz")
_NAMES: Final = "filenames.pickle"


@dataclass(frozen=True)
class CodesFile:
    """The sentence codes of one split.

    Attributes:
        codes: the file of the codes.
        names: filenames.pickle beside it.
    """

    codes: Path
    names: Path

    @cached_property
    def digest(self) -> str:
        """SHA-256 over both files: the codes mean nothing without the order of the images."""
        return digest_of([digest_of_file(self.codes), digest_of_file(self.names)])

    def rows(self) -> dict[str, int]:
        """Return image id -> row.

        Raises:
            UserError: filenames.pickle is damaged or of another form.
        """
        names = read_plain_pickle(self.names)
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UserError(f"{self.names} should hold a list of image names, but does not. Fetch it again.")
        return {name: row for row, name in enumerate(names)}

    def read(self, dimension: int) -> np.ndarray:
        """Return the codes, float32, images x captions x `dimension`.

        Raises:
            UserError: the file is damaged, would run code, or is not of this form.
        """
        try:
            codes = np.asarray(_content(self.codes), dtype=np.float32)
        except (ValueError, TypeError, OverflowError) as error:
            reason = " ".join(str(error).split())[:160]
            raise UserError(f"{self.codes} is no array of numbers ({reason}). Fetch it again.") from error
        if codes.ndim != 3 or codes.shape[2] != dimension or not np.isfinite(codes).all():
            shape = " x ".join(map(str, codes.shape))
            raise UserError(
                f"{self.codes} holds {shape} numbers where images x captions x {dimension} finite ones are expected. "
                "Fetch it again, or set char_cnn_rnn.dimension to its last size."
            )
        if len(codes) != len(self.rows()):
            raise UserError(
                f"{self.codes} has codes of {len(codes)} images for the {len(self.rows())} of {self.names.name} "
                "beside it. They come from different releases: fetch both again."
            )
        return codes


def find_codes(root: Path) -> dict[str, CodesFile]:
    """Return split -> file, of the first folder at `root`, in it or in its data/ that holds both splits' files.

    Raises:
        UserError: there is none; the sentence says what is missing, where it comes from and where to put it.
    """
    missing: Path | None = None
    for place in _places(root):
        found = {split: _codes_file(place / split) for split in SPLITS}
        complete = {split: file for split, file in found.items() if file is not None}
        if len(complete) == len(SPLITS):
            return complete
        if complete and missing is None:
            missing = next(place / split for split in SPLITS if split not in complete)
    lacking = (missing or root / SPLITS[0]) / f"{STEM}{_ENDINGS[0]}"
    raise UserError(
        f'{lacking} is missing: with text = "char-cnn-rnn" a model reads sentence codes that were computed beforehand. '
        f"They come with StackGAN's data, in train/ and test/ beside {_NAMES}: put these two folders under {root}, or "
        'take text = "damsm".'
    )


def _places(root: Path) -> list[Path]:
    inside = [root, root / "data"]
    return [
        root,
        *(folder for place in inside if place.is_dir() for folder in sorted(place.iterdir()) if folder.is_dir()),
    ]


def _codes_file(folder: Path) -> CodesFile | None:
    if not (folder / _NAMES).is_file():
        return None
    for ending in _ENDINGS:
        path = folder / f"{STEM}{ending}"
        if path.is_file():
            return CodesFile(path, folder / _NAMES)
    return None


def _content(path: Path) -> Any:
    """Return what the file holds, as an array or as lists of numbers."""
    if path.suffix == ".pickle":
        return read_plain_pickle(path, arrays=True)
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        else:
            from safetensors.numpy import load_file

            arrays = load_file(path)
    except Exception as error:  # zipfile, numpy and safetensors raise a dozen kinds between them for a damaged file
        raise UserError(f"{path} is damaged or not what its name says ({error}). Make or fetch it again.") from error
    if len(arrays) != 1:
        raise UserError(f"{path} should hold one array, the codes, but holds {len(arrays)}.")
    return next(iter(arrays.values()))


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
