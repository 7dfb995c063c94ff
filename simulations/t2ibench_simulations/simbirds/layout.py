"""The side files of the data set, in the formats of CUB-200-2011 and of AttnGAN's metadata."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from t2ibench.core.files import canonical_json
from t2ibench.core.noise import seed_of
from t2ibench.text.tokenizer import tokenize
from t2ibench.text.vocabulary import Vocabulary
from t2ibench_simulations.simbirds.species import Species

# What AttnGAN's own code reads: Python 2 wrote protocol 2 or less.
_PICKLE_PROTOCOL = 2
_SPLITS = ("train", "test")


@dataclass(frozen=True, slots=True)
class DrawnImage:
    """One row of images.txt.

    Attributes:
        id: 1-based place in images.txt.
        species: what it shows.
        index: which image of the species, from 0.
    """

    id: int
    species: Species
    index: int

    @property
    def key(self) -> str:
        """Class folder and file name without its ending, as in "017.Red_Wren/Red_Wren_0003_16003"."""
        number = (self.species.number - 1) * 1000 + self.index + 1
        return f"{self.species.name}/{self.species.file_stem}_{self.index + 1:04d}_{number:05d}"

    @property
    def in_cub_train(self) -> bool:
        """Whether train_test_split.txt says 1: as in CUB this halves every class, unlike the split by class."""
        return seed_of("simbirds split", self.species.name, self.index) % 2 == 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """What drawing an image has left behind, besides the JPEG.

    Attributes:
        image: its row.
        captions: its sentences.
        truth: its line of truth.jsonl.
        digest: SHA-256 of the JPEG.
    """

    image: DrawnImage
    captions: list[str]
    truth: dict[str, Any]
    digest: str


def side_files(rows: list[Drawn], table: Sequence[Species]) -> Iterator[tuple[str, bytes]]:
    """Yield (path below the root, content) of every file but the images and simbirds.json, in a fixed order."""
    yield "CUB_200_2011/images.txt", _lines(f"{row.image.id} {row.image.key}.jpg" for row in rows)
    # All of the table are named even if fewer are drawn, so that line number, class id and folder name agree.
    yield "CUB_200_2011/classes.txt", _lines(f"{species.number} {species.name}" for species in table)
    yield (
        "CUB_200_2011/image_class_labels.txt",
        _lines(f"{row.image.id} {row.image.species.number}" for row in rows),
    )
    yield (
        "CUB_200_2011/bounding_boxes.txt",
        _lines(f"{row.image.id} " + " ".join(f"{value:.1f}" for value in row.truth["box"]) for row in rows),
    )
    yield (
        "CUB_200_2011/train_test_split.txt",
        _lines(f"{row.image.id} {int(row.image.in_cub_train)}" for row in rows),
    )
    for row in rows:
        yield f"text/{row.image.key}.txt", _lines(row.captions)
    vocabulary = Vocabulary.from_captions(caption for row in rows for caption in row.captions)
    token_ids = []
    for split in _SPLITS:
        members = [row for row in rows if row.image.species.split == split]
        yield f"{split}/filenames.pickle", _pickled([row.image.key for row in members])
        yield f"{split}/class_info.pickle", _pickled([row.image.species.number for row in members])
        captions = [caption for row in members for caption in row.captions]
        token_ids.append([[vocabulary.indices[token] for token in tokenize(caption)] for caption in captions])
    index_to_word = dict(enumerate(vocabulary.words))
    yield "captions.pickle", _pickled([*token_ids, index_to_word, dict(vocabulary.indices)])
    yield "truth.jsonl", _lines(canonical_json(row.truth) for row in rows)


def _lines(lines: Any) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _pickled(value: object) -> bytes:
    return pickle.dumps(value, protocol=_PICKLE_PROTOCOL)
