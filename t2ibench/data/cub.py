"""CUB-200-2011 with AttnGAN's metadata, and the drawn birds, which have the same files in the same places."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

from t2ibench.data.adapter import MissingPicturesError, missing_file
from t2ibench.data.contents import digests_of
from t2ibench.data.manifest import Box, ImageEntry, Manifest
from t2ibench.data.pickles import read_caption_words, read_class_ids, read_file_names
from t2ibench.errors import UserError
from t2ibench.files import read_json
from t2ibench.spec import DatasetEntry
from t2ibench.text.tokenizer import tokenize, usable_lines
from t2ibench.text.vocabulary import Vocabulary

PHOTOS: Final = "CUB_200_2011.tgz"
METADATA: Final = "birds.zip"
SPLITS: Final = ("train", "test")
_SHOWN: Final = 3


@dataclass(frozen=True)
class Layout:
    """Where the parts lie: `photos` holds images.txt and images/, `metadata` holds train/filenames.pickle and text/.

    `root` is the folder the user named; errors speak of it.
    """

    root: Path
    photos: Path
    metadata: Path


class CUB:
    """Adapter of the real birds."""

    vocabulary_origin: ClassVar[Literal["released", "built"]] = "released"
    """Whose the words of a captions.pickle are."""

    def __init__(self, name: str, entry: DatasetEntry) -> None:
        self.name = name
        self.entry = entry

    def read(self, root: Path, *, progress: bool) -> Manifest:
        """Return the manifest of the files under `root`.

        Understood are AttnGAN's data/birds (CUB_200_2011 inside the metadata's folder), its parents, and both folders
        side by side. Of several metadata folders the first whose pictures are all there is taken.

        Raises:
            UserError: a file is missing or damaged, files disagree, or pictures of the metadata are not there.
        """
        layout = self._find(root)
        boxes = self._boxes(layout)
        names = {split: self._keys(layout, split) for split in SPLITS}
        keys = [key for split in SPLITS for key in names[split]]
        self._check_present(layout, keys, boxes)
        pictures = [layout.photos / "images" / f"{key}.jpg" for key in keys]
        states = iter(zip(pictures, digests_of(pictures, title=f"reading {self.name}", progress=progress), strict=True))
        warnings = _count_warnings(self.name, self.entry, {split: len(found) for split, found in names.items()})
        few: list[str] = []
        images: list[ImageEntry] = []
        for split in SPLITS:
            for key, class_id in zip(names[split], self._classes(layout, split, len(names[split])), strict=True):
                path, state = next(states)
                captions = self._captions(layout, key)
                if len(captions) < self.entry.captions_per_image:
                    few.append(key)
                file = _relative(path, root)
                images.append(ImageEntry(key, file, split, class_id, boxes[key], captions, state.size, state.sha256))
        if few:
            warnings.append(
                f"{len(few)} pictures of {self.name} have fewer than {self.entry.captions_per_image} captions: "
                f"{_some(few)}."
            )
        words, origin = self._vocabulary(layout.metadata / "captions.pickle", images)
        return Manifest(
            name=self.name,
            root=root,
            images=tuple(images),
            vocabulary=words,
            vocabulary_origin=origin,
            sources=tuple(_relative(path, root) for path in _sources(layout, keys)),
            warnings=tuple(warnings),
        )

    def _find(self, root: Path) -> Layout:
        if not root.is_dir():
            raise UserError(f"{root} is not a folder: --data-root wants the folder that holds {self.name}'s files.")
        inside = [root, root / "birds", root / "data" / "birds", root / "data"]
        photos = _first_with("images.txt", [*(f / "CUB_200_2011" for f in inside), root, root.parent / "CUB_200_2011"])
        if photos is None:
            raise missing_file(root / "CUB_200_2011" / "images.txt", self.entry, PHOTOS, root)
        beside = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
        marker = "train/filenames.pickle"
        places = dict.fromkeys([*inside, *beside, photos, photos.parent, photos.parent / "birds"])
        found = [place for place in places if (place / marker).is_file()]
        if not found:
            raise missing_file(root / "birds" / marker, self.entry, METADATA, root)
        present = _pictures_in(photos / "images")
        for metadata in found:
            test = metadata / "test" / "filenames.pickle"
            if test.is_file() and present.issuperset(read_file_names(metadata / marker) + read_file_names(test)):
                return Layout(root, photos, metadata)
        return Layout(root, photos, found[0])

    def _boxes(self, layout: Layout) -> dict[str, Box]:
        keys = {row[0]: row[1].removesuffix(".jpg") for row in self._table(layout, "images.txt", 2)}
        path = layout.photos / "bounding_boxes.txt"
        boxes: dict[str, Box] = {}
        for number, *values in self._table(layout, path.name, 5):
            try:
                x, y, width, height = (int(float(value)) for value in values)  # the official code casts to int as well
                boxes[keys[number]] = (x, y, width, height)
            except (KeyError, ValueError, OverflowError):
                raise UserError(
                    f"{path}: the row of picture {number!r} is no box of a picture in images.txt. "
                    f"Unpack {PHOTOS} again."
                ) from None
        return boxes

    def _table(self, layout: Layout, name: str, columns: int) -> list[list[str]]:
        path = layout.photos / name
        try:
            rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        except FileNotFoundError:
            raise missing_file(path, self.entry, PHOTOS, layout.root) from None
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path} cannot be read ({error}). Unpack {PHOTOS} again.") from error
        for line, row in enumerate(rows, start=1):
            if len(row) != columns:
                raise UserError(f"{path}, row {line}: {columns} columns were expected, {len(row)} found.")
        return rows

    def _keys(self, layout: Layout, split: str) -> list[str]:
        path = layout.metadata / split / "filenames.pickle"
        if not path.is_file():
            raise missing_file(path, self.entry, METADATA, layout.root)
        keys = read_file_names(path)
        if len(set(keys)) != len(keys):
            raise UserError(f"{path} names a picture twice. Fetch it again.")
        return keys

    def _classes(self, layout: Layout, split: str, count: int) -> list[int]:
        path = layout.metadata / split / "class_info.pickle"
        if not path.is_file():
            raise missing_file(path, self.entry, METADATA, layout.root)
        classes = read_class_ids(path)
        if len(classes) != count:
            raise UserError(
                f"{path} has {len(classes)} classes for the {count} pictures of filenames.pickle beside it. "
                "They come from different releases: fetch both again."
            )
        return classes

    def _check_present(self, layout: Layout, keys: Sequence[str], boxes: Mapping[str, Box]) -> None:
        present = _pictures_in(layout.photos / "images")
        absent = [key for key in keys if key not in present]
        if absent:
            known = self.entry.files.get(PHOTOS)
            source = f" from {known.url}" if known else ""
            raise MissingPicturesError(
                f"{len(absent)} of the {len(keys)} pictures named in {layout.metadata} are not in "
                f"{layout.photos / 'images'}: {_some(absent)}. Unpack {PHOTOS}{source} completely.",
                tuple(absent),
            )
        unboxed = [key for key in keys if key not in boxes]
        if unboxed:
            raise UserError(
                f"{layout.photos / 'bounding_boxes.txt'} has no box for {len(unboxed)} pictures: {_some(unboxed)}. "
                f"Unpack {PHOTOS} again."
            )

    def _captions(self, layout: Layout, key: str) -> tuple[str, ...]:
        path = layout.metadata / "text" / f"{key}.txt"
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            raise missing_file(path, self.entry, METADATA, layout.root) from None
        # The first lines with a token count, so that indices agree with the released captions.pickle; a line without
        # any ASCII letter counts too, but nothing could be trained with it.
        lines = usable_lines(text.split("\n"))[: self.entry.captions_per_image]
        captions = tuple(line.strip() for line in lines if tokenize(line))
        if not captions:
            raise UserError(f"{path} holds no caption. Unpack text.zip of {METADATA} again.")
        return captions

    def _vocabulary(
        self, path: Path, images: Sequence[ImageEntry]
    ) -> tuple[tuple[str, ...], Literal["released", "built"]]:
        if path.is_file():
            return read_caption_words(path), self.vocabulary_origin
        built = Vocabulary.from_captions(caption for image in images for caption in image.captions)
        return built.words, "built"


class SimBirds(CUB):
    """Adapter of the drawn birds: the same files, and code that draws them."""

    vocabulary_origin = "built"

    def drawing(self, settings: Mapping[str, int]) -> Mapping[str, int]:
        """Return version, images, size and seed; see `DrawnDataset`."""
        from t2ibench.data.simbirds.make import VERSION

        found = {"images": 1600, "size": 96, "seed": 0}
        for key, value in {**self.entry.options, **settings}.items():
            if key not in found or not isinstance(value, int):
                raise UserError(
                    f"datasets.{self.name}.options: {key} = {value!r} is not an option of the drawn birds, which are "
                    "images, size and seed, whole numbers."
                )
            found[key] = value
        return {"version": VERSION, **found}

    def draw(self, root: Path, settings: Mapping[str, int], *, replace: bool, progress: bool) -> None:
        """Draw the birds into `root`, unless just these are there already; see `DrawnDataset`.

        Raises:
            UserError: the settings make no sense, or `root` holds something else or cannot be written.
        """
        from t2ibench.data.simbirds.make import make_simbirds

        wanted = self.drawing(settings)
        summary = root / "simbirds.json"
        if replace and summary.is_file():
            found = read_json(summary, what="the settings of drawn birds")
            if not isinstance(found, dict) or any(found.get(key) != value for key, value in wanted.items()):
                shutil.rmtree(root)
        make_simbirds(root, wanted["images"], wanted["size"], wanted["seed"], progress=progress)


def _first_with(file: str, folders: Sequence[Path]) -> Path | None:
    return next((folder for folder in folders if (folder / file).is_file()), None)


def _pictures_in(folder: Path) -> set[str]:
    """Return the keys of the pictures there; one listing a class, where asking for each file would cost far more."""
    found: set[str] = set()
    if folder.is_dir():
        for entry in os.scandir(folder):
            if entry.is_dir():
                names = (picture.name for picture in os.scandir(entry.path))
                found.update(f"{entry.name}/{name[:-4]}" for name in names if name.endswith(".jpg"))
    return found


def _sources(layout: Layout, keys: Sequence[str]) -> list[Path]:
    pickles = [layout.metadata / split / f"{kind}.pickle" for split in SPLITS for kind in ("filenames", "class_info")]
    tables = [layout.photos / "images.txt", layout.photos / "bounding_boxes.txt", layout.metadata / "captions.pickle"]
    return [*pickles, *tables, *(layout.metadata / "text" / f"{key}.txt" for key in keys)]


def _count_warnings(name: str, entry: DatasetEntry, found: Mapping[str, int]) -> list[str]:
    return [
        f"{name} has {found.get(split, 0)} pictures in its {split} split where {expected} are expected: "
        "numbers from it cannot be compared with published ones."
        for split, expected in entry.splits.items()
        if found.get(split, 0) != expected
    ]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")


def _relative(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()
