"""The metadata that AttnGAN's authors prepared for CUB and COCO; DM-GAN, DF-GAN and StackGAN have the same form.

A folder with train/ and test/ (filenames.pickle, and for the birds class_info.pickle), captions as text files, and
captions.pickle with the vocabulary of the released encoders (DF-GAN calls it captions_DAMSM.pickle).
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from t2ibench.core.errors import UserError
from t2ibench.core.reading.pickles import checked_form, read_plain_pickle
from t2ibench.core.reading.text import refuse_wide_text
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.adapter import missing_file
from t2ibench.data.assembly import Words
from t2ibench.text.captions_pickle import read_captions_pickle
from t2ibench.text.tokenizer import tokenize, usable_lines

SPLITS: Final = ("train", "test")
TEXT_FOLDERS: Final = ("text", "text_c10")
"""Where captions lie: AttnGAN's folder, and that of Reed et al."""
_VOCABULARIES: Final = ("captions.pickle", "captions_DAMSM.pickle")
_EMBEDDINGS: Final = "char-CNN-RNN-embeddings.pickle"
_NAMES_FILE: Final = "filenames.pickle"
_NAMES: Final = TypeAdapter(list[str])
_NUMBERS: Final = TypeAdapter(list[int])


@dataclass(frozen=True)
class AttnGANMetadata:
    """One such folder.

    Attributes:
        folder: holds train/filenames.pickle.
        root: the folder the user named; errors speak of it.
        entry: the data set's table.
        archive: the archive it comes in, a key of `entry.files`.
        texts: folder of the captions, where there is nothing but these; None to look for it.
    """

    folder: Path
    root: Path
    entry: DatasetEntry
    archive: str
    texts: Path | None = None

    def splits(self) -> dict[str, list[str]]:
        """Return split -> its image keys. Errors as `keys`."""
        return {split: self.keys(split) for split in SPLITS}

    def keys(self, split: str) -> list[str]:
        """Return the image keys of a split.

        Raises:
            UserError: the file is missing, damaged, or names an image twice.
        """
        path = self._file(split, "filenames")
        keys = read_file_names(path)
        if len(set(keys)) != len(keys):
            raise UserError(f"{path} names an image twice. Fetch it again.")
        return keys

    def classes(self, split: str, count: int) -> list[int]:
        """Return the class of every one of the split's `count` images.

        Raises:
            UserError: the file is missing, damaged, or has another length.
        """
        path = self._file(split, "class_info")
        classes = read_class_ids(path)
        if len(classes) != count:
            raise UserError(
                f"{path} has {len(classes)} classes for the {count} images of filenames.pickle beside it. "
                "They come from different releases: fetch both again."
            )
        return classes

    @property
    def text_folder(self) -> Path | None:
        """The folder of the captions' text files."""
        return self.texts or next((path for name in TEXT_FOLDERS if (path := self.folder / name).is_dir()), None)

    @property
    def vocabulary(self) -> Path | None:
        """The captions.pickle."""
        return next((path for name in _VOCABULARIES if (path := self.folder / name).is_file()), None)

    @property
    def embeddings(self) -> list[Path]:
        """StackGAN's sentence codes."""
        return [path for split in SPLITS if (path := self.folder / split / _EMBEDDINGS).is_file()]

    def words(self) -> Words | None:
        """Return the vocabulary that came with the data, None where there is none."""
        if self.vocabulary is None:
            return None
        content = read_captions_pickle(self.vocabulary)
        said = []
        if content.repaired:
            said.append(
                f"{self.vocabulary} went through a transfer in text mode; its line ends were repaired in reading. "
                "Fetch it again in binary mode."
            )
        if content.order:
            said.append(
                f"{self.vocabulary} is not the released one: its words stand in {content.order} order, as a vocabulary "
                "built anew has them. Released encoders do not fit it."
            )
        return Words(content.words, "built" if content.order else "released", tuple(said))

    def captions(
        self, keys: Mapping[str, Sequence[str]], *, needed: Collection[str]
    ) -> tuple[dict[str, tuple[str, ...]], list[Path], str]:
        """Return (key -> captions, the files read, a sentence that says where they come from).

        The text files are read; where there is no folder of them, the words of captions.pickle are put together.

        Args:
            keys: split -> its keys, complete and in order.
            needed: keys whose text file must be there.

        Raises:
            UserError: there is neither; a text file is missing; or captions.pickle does not fit the keys.
        """
        folder = self.text_folder
        every = [key for split in keys.values() for key in split]
        if folder is not None or self.vocabulary is None:
            folder = folder or self.folder / TEXT_FOLDERS[0]
            found, paths = self._from_texts(folder, every, needed)
            return found, paths, f"captions: text files in {folder}"
        return self._from_pickle(keys, self.vocabulary), [], f"captions: put together from {self.vocabulary}"

    def _from_texts(
        self, folder: Path, keys: Sequence[str], needed: Collection[str]
    ) -> tuple[dict[str, tuple[str, ...]], list[Path]]:
        """Return (key -> captions as written, at most `captions_per_image` of the entry; the files read).

        Files lie at <folder>/<key>.txt, or one folder deeper. The first lines with a token count, so that indices agree
        with the released captions.pickle; a line without any ASCII letter counts too, but is left out, as nothing could
        be trained with it.
        """
        found: dict[str, tuple[str, ...]] = {}
        paths = []
        for key in keys:
            path = next((path for path in _places(folder, key) if path.is_file()), folder / f"{key}.txt")
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                if key in needed:
                    raise missing_file(path, self.entry, self.archive, self.root) from None
                content = b""
            except OSError as error:
                raise UserError(f"{path} cannot be read: {error.strerror}.") from error
            refuse_wide_text(content, path)
            text = content.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
            lines = usable_lines(text.split("\n"))[: self.entry.captions_per_image]
            found[key] = tuple(line.strip() for line in lines if tokenize(line))
            paths.append(path)
        return found, paths

    def _from_pickle(self, keys: Mapping[str, Sequence[str]], path: Path) -> dict[str, tuple[str, ...]]:
        content = read_captions_pickle(path)
        numbers, words = dict(zip(SPLITS, content.captions, strict=True)), content.words
        count = self.entry.captions_per_image
        found: dict[str, tuple[str, ...]] = {}
        for split, names in keys.items():
            rows = numbers[split]
            if len(rows) != count * len(names):
                raise UserError(
                    f"{path} has {len(rows)} captions for the {len(names)} images of {split}/filenames.pickle, not "
                    f"{count} each. They come from different releases: fetch both again, or unpack the folder "
                    f"{TEXT_FOLDERS[0]} of {self.archive} beside it."
                )
            for place, name in enumerate(names):
                own = rows[place * count : (place + 1) * count]
                found[name] = tuple(" ".join(words[index] for index in row if index) for row in own if any(row))
        return found

    def _file(self, split: str, kind: str) -> Path:
        path = self.folder / split / f"{kind}.pickle"
        if not path.is_file():
            raise missing_file(path, self.entry, self.archive, self.root)
        return path

    def files(self) -> list[Path]:
        """Return the pickles it may consist of; what is not there yet counts too, so that its arrival is noticed."""
        found = [self.folder / split / f"{kind}.pickle" for split in SPLITS for kind in ("filenames", "class_info")]
        return [*found, *(self.folder / name for name in _VOCABULARIES)]


def metadata_in(places: Iterable[Path], root: Path, entry: DatasetEntry, archive: str) -> list[AttnGANMetadata]:
    """Return the metadata of the places that hold some, or a part of it, each once; arguments as of the class."""
    there = [one for one in dict.fromkeys(places) if any((one / split / _NAMES_FILE).is_file() for split in SPLITS)]
    return [AttnGANMetadata(folder, root, entry, archive) for folder in there]


def read_file_names(path: Path) -> list[str]:
    """Return the image keys of a filenames.pickle, as in "001.Black_footed_Albatross/Black_Footed_Albatross_0046_18".

    Raises:
        UserError: as `read_plain_pickle`; or it is no list of strings; or a key is absolute or climbs out with "..".
    """
    names = checked_form(_NAMES, read_plain_pickle(path), path, "a list of image names")
    for name in names:
        if not name or name.startswith("/") or "\\" in name or ".." in name.split("/") or "\0" in name:
            raise UserError(f"{path} names the image {name!r}, which lies outside the data set. Fetch it again.")
    return names


def read_class_ids(path: Path) -> list[int]:
    """Return the class ids of a class_info.pickle, aligned with filenames.pickle.

    Raises:
        UserError: as `read_plain_pickle`; or it is no list of whole numbers.
    """
    return checked_form(_NUMBERS, read_plain_pickle(path), path, "a list of class numbers")


def _places(folder: Path, key: str) -> Iterable[Path]:
    yield folder / f"{key}.txt"
    if "/" not in key:  # COCO's texts come in a folder a split
        yield from (below / f"{key}.txt" for below in _folders_in(folder))


@functools.lru_cache(maxsize=4)
def _folders_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.iterdir() if path.is_dir())) if folder.is_dir() else ()
