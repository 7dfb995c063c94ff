"""Finding and reading the birds: AttnGAN's, DF-GAN's and StackGAN's trees, and plain CUB with captions beside it."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.data.adapter import checked_options, chosen, missing_file, some
from t2ibench.data.assembly import FilesAdapter, Findings, Row, Words
from t2ibench.data.attngan_metadata import SPLITS, TEXT_FOLDERS, AttnGANMetadata, metadata_in
from t2ibench.data.cub.tables import PHOTOS, Tables, class_of

METADATA: Final = "birds.zip"
_RULES: Final = ("classes", "own")


class CUB(FilesAdapter):
    """Adapter of the real birds. Option `split`: "classes" (the papers': 150 and 50 classes) or "own" (CUB's file)."""

    def find(self, root: Path, *, partial: bool) -> Findings:
        """Return what lies under `root`; see `FilesAdapter`.

        Understood are AttnGAN's, DF-GAN's and StackGAN-v2's data/birds (CUB_200_2011 inside the metadata's folder), its
        parents, both folders side by side, and CUB_200_2011 with captions in text/ or text_c10/ in or beside it. Of
        several metadata folders the first whose images are all there is taken.

        Raises:
            MissingImagesError: images of the metadata are not there, and `partial` is not set.
            UserError: a file is missing or damaged, or files disagree.
        """
        rule = self._rule()
        photos, metadata = self._find(root)
        images, table = photos / "images", photos / "images.txt"
        tables = Tables(photos, root, self.entry)
        released = metadata.texts is None
        if released and rule == "classes":
            names = metadata.splits()
            classes = {
                key: number
                for split, keys in names.items()
                for key, number in zip(keys, metadata.classes(split, len(keys)), strict=True)
            }
            said = f"split: the metadata's filenames.pickle in {metadata.folder}"
        else:
            split_of = tables.own_split() if rule == "own" else tables.class_split()
            names = {split: [key for key in tables.keys if split_of.get(key) == split] for split in SPLITS}
            classes = {key: class_of(key) for keys in names.values() for key in keys}
            said = "split: by class, 150 for training and 50 for testing"
            if rule == "own":
                said = "split: CUB's own train_test_split.txt"
        present, boxes = images_in(images), tables.boxes()
        in_pickle = rule == "own" and metadata.text_folder is None  # whose captions have the order of the metadata
        captions, texts, where = metadata.captions(
            metadata.splits() if in_pickle else names, needed=() if partial else present
        )
        unboxed = [key for keys in names.values() for key in keys if key not in boxes]
        if unboxed:
            raise UserError(
                f"{photos / 'bounding_boxes.txt'} has no box for {len(unboxed)} images: {some(unboxed)}. "
                f"Unpack {PHOTOS} again."
            )
        photo_source = self.entry.files.get(PHOTOS)
        codes = ", ".join(map(str, metadata.embeddings))
        return Findings(
            rows=[
                Row(
                    key,
                    images / f"{key}.jpg" if key in present else None,
                    split,
                    captions.get(key, ()),
                    classes[key],
                    boxes[key],
                )
                for split, keys in names.items()
                for key in keys
            ],
            where=str(metadata.folder if released and rule == "classes" else table),
            advice=f"{images} should hold them: unpack {PHOTOS}{f' from {photo_source.url}' if photo_source else ''} "
            "completely.",
            caption_advice=f"Unpack the folder {TEXT_FOLDERS[0]} of {METADATA} again.",
            sources=[
                *(metadata.files() if released else []),
                table,
                photos / "bounding_boxes.txt",
                *([photos / "train_test_split.txt"] if rule == "own" else []),
                *texts,
            ],
            found=[
                f"images and boxes: {photos}",
                said,
                where,
                *([f"StackGAN's sentence codes: {codes} (captions are used)"] if codes else []),
            ],
            words=self._words(metadata) if released else None,
        )

    def _rule(self) -> str:
        options = checked_options(self.name, self.entry, {"split": "classes"})
        return chosen(self.name, "split", options["split"], _RULES)

    def _words(self, metadata: AttnGANMetadata) -> Words | None:
        return metadata.words()

    def _find(self, root: Path) -> tuple[Path, AttnGANMetadata]:
        """Return (the folder that holds images.txt and images/, the metadata or the captions that stand in for it)."""
        inside = [root, root / "birds", root / "data" / "birds", root / "data"]
        homes = [*(folder / "CUB_200_2011" for folder in inside), root, root.parent / "CUB_200_2011"]
        photos = next((folder for folder in homes if (folder / "images.txt").is_file()), None)
        if photos is None:
            raise missing_file(root / "CUB_200_2011" / "images.txt", self.entry, PHOTOS, root)
        beside = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
        places = list(dict.fromkeys([*inside, *beside, photos, photos.parent, photos.parent / "birds"]))
        found = metadata_in(places, root, self.entry, METADATA)
        present = images_in(photos / "images")
        for metadata in found:
            complete = all((metadata.folder / split / "filenames.pickle").is_file() for split in SPLITS)
            if complete and present.issuperset(itertools.chain(*metadata.splits().values())):
                return photos, metadata
        if found:
            return photos, found[0]
        key = Tables(photos, root, self.entry).keys[:1]
        texts = [place / name for place in places for name in TEXT_FOLDERS]
        folder = next((text for text in texts if key and (text / key[0]).parent.is_dir()), None)
        if folder is None:
            raise missing_file(root / "birds" / "train" / "filenames.pickle", self.entry, METADATA, root)
        return photos, AttnGANMetadata(folder.parent, root, self.entry, METADATA, texts=folder)


def images_in(folder: Path) -> set[str]:
    """Return the keys of the images there; one listing a class, where asking for each file would cost far more."""
    found: set[str] = set()
    if folder.is_dir():
        for entry in os.scandir(folder):
            if entry.is_dir():
                names = (image.name for image in os.scandir(entry.path))
                found.update(f"{entry.name}/{name[:-4]}" for name in names if name.endswith(".jpg") and name[0] != ".")
    return found
