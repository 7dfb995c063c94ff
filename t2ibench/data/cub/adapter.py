"""Finding and reading the birds: AttnGAN's, DF-GAN's and StackGAN's trees, and plain CUB with captions beside it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.adapter import checked_options, chosen, missing_file, some
from t2ibench.data.assembly import Findings, Row, Words, assemble
from t2ibench.data.attngan_metadata import SPLITS, TEXT_FOLDERS, AttnGANMetadata, metadata_folders, read_text_files
from t2ibench.data.cub.tables import PHOTOS, Tables, class_of
from t2ibench.data.manifest import Manifest

METADATA: Final = "birds.zip"
_RULES: Final = ("classes", "own")


@dataclass(frozen=True)
class Layout:
    """Where the parts lie.

    Attributes:
        root: the folder the user named; errors speak of it.
        photos: holds images.txt and images/.
        metadata: AttnGAN's, None where there is none.
        texts: folder of the captions where there is no metadata.
    """

    root: Path
    photos: Path
    metadata: AttnGANMetadata | None
    texts: Path | None


class CUB:
    """Adapter of the real birds. Option `split`: "classes" (the papers': 150 and 50 classes) or "own" (CUB's file)."""

    def __init__(self, name: str, entry: DatasetEntry) -> None:
        self.name = name
        self.entry = entry

    def read(self, root: Path, *, partial: bool = False) -> Manifest:
        """Return the manifest of the files under `root`; see `DatasetAdapter`.

        Understood are AttnGAN's, DF-GAN's and StackGAN-v2's data/birds (CUB_200_2011 inside the metadata's folder), its
        parents, both folders side by side, and CUB_200_2011 with captions in text/ or text_c10/ in or beside it. Of
        several metadata folders the first whose images are all there is taken.

        Raises:
            MissingImagesError: images of the metadata are not there, and `partial` is not set.
            UserError: a file is missing or damaged, or files disagree.
        """
        rule = self._rule()
        layout = self._find(root)
        tables = Tables(layout.photos, root, self.entry)
        metadata = layout.metadata
        if metadata is not None and rule == "classes":
            names: dict[str, Sequence[str]] = {split: metadata.keys(split) for split in SPLITS}
            classes = {
                key: number
                for split in SPLITS
                for key, number in zip(names[split], metadata.classes(split, len(names[split])), strict=True)
            }
            said = f"split: the metadata's filenames.pickle in {metadata.folder}"
        else:
            split_of = tables.own_split() if rule == "own" else tables.class_split()
            names = {split: [key for key in tables.keys if split_of.get(key) == split] for split in SPLITS}
            classes = {key: class_of(key) for split in SPLITS for key in names[split]}
            kind = (
                "CUB's own train_test_split.txt" if rule == "own" else "by class, 150 for training and 50 for testing"
            )
            said = f"split: {kind}"
        present = images_in(layout.photos / "images")
        captions, texts, where = self._captions(
            layout, names, whole=rule == "classes", needed=() if partial else present
        )
        boxes = tables.boxes()
        self._check_boxes(layout, names, boxes)
        images = layout.photos / "images"
        rows = [
            Row(
                key,
                images / f"{key}.jpg" if key in present else None,
                split,
                captions.get(key, ()),
                classes[key],
                boxes[key],
            )
            for split in SPLITS
            for key in names[split]
        ]
        pickles = metadata.files() if metadata else []
        own = [layout.photos / "train_test_split.txt"] if rule == "own" else []
        findings = Findings(
            rows=rows,
            where=str(metadata.folder if metadata and rule == "classes" else layout.photos / "images.txt"),
            advice=f"{layout.photos / 'images'} should hold them: unpack {self._source(PHOTOS)} completely.",
            caption_advice=f"Unpack the folder {TEXT_FOLDERS[0]} of {METADATA} again.",
            sources=[*pickles, layout.photos / "images.txt", layout.photos / "bounding_boxes.txt", *own, *texts],
            found=[f"images and boxes: {layout.photos}", said, where, *_embeddings(metadata)],
            words=None if metadata is None else self._words(metadata),
        )
        return assemble(self.name, self.entry, root, findings, partial=partial)

    def _rule(self) -> str:
        options = checked_options(self.name, self.entry, {"split": "classes"})
        return chosen(self.name, "split", options["split"], _RULES)

    def _source(self, archive: str) -> str:
        known = self.entry.files.get(archive)
        return f"{archive} from {known.url}" if known else archive

    def _captions(
        self, layout: Layout, names: dict[str, Sequence[str]], *, whole: bool, needed: Collection[str]
    ) -> tuple[dict[str, tuple[str, ...]], list[Path], str]:
        """Return key -> captions, the files read, and where they come from; `whole`: `names` are the metadata's."""
        if layout.metadata is not None:
            if whole or layout.metadata.text_folder is not None:
                return layout.metadata.captions(names, needed=needed)
            given: dict[str, Sequence[str]] = {split: layout.metadata.keys(split) for split in SPLITS}
            return layout.metadata.captions(given, needed=needed)
        assert layout.texts is not None
        keys = [key for split in SPLITS for key in names[split]]
        found, paths = read_text_files(layout.texts, keys, layout.root, self.entry, METADATA, needed)
        return found, paths, f"captions: text files in {layout.texts}"

    def _words(self, metadata: AttnGANMetadata) -> Words | None:
        return metadata.words()

    def _check_boxes(self, layout: Layout, names: Mapping[str, Sequence[str]], boxes: Collection[str]) -> None:
        unboxed = [key for split in SPLITS for key in names[split] if key not in boxes]
        if unboxed:
            raise UserError(
                f"{layout.photos / 'bounding_boxes.txt'} has no box for {len(unboxed)} images: {some(unboxed)}. "
                f"Unpack {PHOTOS} again."
            )

    def _find(self, root: Path) -> Layout:
        if not root.is_dir():
            raise UserError(f"{root} is not a folder: --data-root wants the folder that holds {self.name}'s files.")
        inside = [root, root / "birds", root / "data" / "birds", root / "data"]
        photos = _first_with("images.txt", [*(f / "CUB_200_2011" for f in inside), root, root.parent / "CUB_200_2011"])
        if photos is None:
            raise missing_file(root / "CUB_200_2011" / "images.txt", self.entry, PHOTOS, root)
        beside = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
        places = list(dict.fromkeys([*inside, *beside, photos, photos.parent, photos.parent / "birds"]))
        found = [AttnGANMetadata(place, root, self.entry, METADATA) for place in metadata_folders(places)]
        present = images_in(photos / "images")
        for metadata in found:
            complete = all((metadata.folder / split / "filenames.pickle").is_file() for split in SPLITS)
            if complete and present.issuperset(key for split in SPLITS for key in metadata.keys(split)):
                return Layout(root, photos, metadata, None)
        if found:
            return Layout(root, photos, found[0], None)
        key = Tables(photos, root, self.entry).keys[:1]
        texts = [place / name for place in places for name in TEXT_FOLDERS]
        folder = next((text for text in texts if key and (text / key[0]).parent.is_dir()), None)
        if folder is None:
            raise missing_file(root / "birds" / "train" / "filenames.pickle", self.entry, METADATA, root)
        return Layout(root, photos, None, folder)


def images_in(folder: Path) -> set[str]:
    """Return the keys of the images there; one listing a class, where asking for each file would cost far more."""
    found: set[str] = set()
    if folder.is_dir():
        for entry in os.scandir(folder):
            if entry.is_dir():
                names = (image.name for image in os.scandir(entry.path))
                found.update(f"{entry.name}/{name[:-4]}" for name in names if name.endswith(".jpg") and name[0] != ".")
    return found


def _first_with(file: str, folders: Iterable[Path]) -> Path | None:
    return next((folder for folder in folders if (folder / file).is_file()), None)


def _embeddings(metadata: AttnGANMetadata | None) -> list[str]:
    if metadata is None or not metadata.embeddings:
        return []
    return [f"StackGAN's sentence codes: {', '.join(str(path) for path in metadata.embeddings)} (captions are used)"]
