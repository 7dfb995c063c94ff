"""Reading a folder of one's own images."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import Value
from t2ibench.data.adapter import checked_options, counted, some
from t2ibench.data.assembly import FilesAdapter, Findings, Row
from t2ibench.data.folder.captions import (
    CAPTION_FILES,
    Record,
    read_caption_table,
    read_caption_texts,
    text_places,
)
from t2ibench.data.folder.splits import (
    FOLDERS,
    SPLITS,
    classes_of,
    split_by_column,
    split_by_folder,
    split_by_hash,
    split_by_lists,
)
from t2ibench.data.listing import Listing, list_images
from t2ibench.text.tokenizer import usable_captions

_DEFAULTS: Final[dict[str, Value]] = {"captions": "", "classes": "", "split": "hash", "test_share": 0.2}


@dataclass(frozen=True)
class _Own:
    """What was found.

    Attributes:
        records: images with captions.
        source: the file or folder they come from.
        table: whether a table names the images.
        listing: what lies in the folder.
        unread: caption columns of the table that were not read.
        texts: text files that were read, relative to the folder.
    """

    records: Sequence[Record]
    source: Path
    table: bool
    listing: Listing
    unread: Sequence[str] = ()
    texts: Sequence[str] = ()


class ImageFolder(FilesAdapter):
    """Adapter of any images with captions. All sizes, modes and orientations are taken.

    Options:
        captions: the captions file, relative to the folder; "" looks for captions.jsonl, captions.csv, captions.tsv,
            metadata.jsonl and metadata.csv, and else for one .txt an image.
        classes: "" for none, "folders" for the folder an image lies in, else a column of the captions file.
        split: "hash" puts `test_share` of the images into "test", told by their ids alone; "lists" reads train.txt,
            val.txt and test.txt; "folders" takes folders of these names; else a column of the captions file.
        test_share: see `split`.
    """

    def find(self, root: Path, *, partial: bool) -> Findings:
        """Return the images under `root`; see `FilesAdapter`. Every image is to be decoded once.

        Raises:
            MissingImagesError: images are missing, damaged or without caption, and `partial` is not set.
            UserError: there are no captions; the captions file, an option or a list is wrong.
        """
        options = {key: str(value) for key, value in checked_options(self.name, self.entry, _DEFAULTS).items()}
        own = self._records(root, options["captions"])
        keys = _keys(own)
        splits, lists, said = self._splits(root, own, keys, options["split"], float(options["test_share"]))
        classes, names = classes_of(own.records, options["classes"], own.source) if options["classes"] else ({}, [])
        rows = [
            Row(
                keys[record.file],
                root / record.file if (root / record.file).is_file() else None,
                splits[record.file],
                usable_captions(record.captions),
                classes.get(record.file),
                name=record.file,
            )
            for record in own.records
            if record.file in splits
        ]
        rows.sort(key=lambda row: SPLITS.index(row.split))
        return Findings(
            rows=rows,
            where=str(own.source),
            advice=f"Put them under {root}, or take them out of {own.source.name}.",
            caption_advice="Write one for each.",
            sources=[*([own.source] if own.table else _texts(root, own.records)), *lists],
            found=[
                f"captions: {own.source}" if own.table else f"captions: a .txt an image in {root}",
                said,
                f"classes: {len(names)}, {some(names, 5)}" if names else "classes: none",
            ],
            warnings=self._warnings(root, own, splits),
            upright=True,
            decode=True,
            there=own.listing.images,
            few_captions=False,
        )

    def _records(self, root: Path, file: str) -> _Own:
        listing = list_images(root)
        path = root / file if file else next((root / one for one in CAPTION_FILES if (root / one).is_file()), None)
        if path is not None:
            table, not_read = read_caption_table(path)
            composed = {unicodedata.normalize("NFC", name): name for name in listing.images}
            for record in table:  # macOS decomposes accents in file names, tables mostly do not
                record.file = composed.get(unicodedata.normalize("NFC", record.file), record.file)
            return _Own(table, path, True, listing, not_read)
        records, texts = read_caption_texts(root, listing.images)
        if not records or not any(record.captions for record in records):
            found = f"{len(records)} images" if records else "no image"
            raise UserError(
                f"{root} holds {found} and no captions. Write captions.jsonl with a line an image, as in "
                '{"file": "a.png", "captions": ["a red ball"]}, or captions.csv with the columns file and caption, or '
                "a.txt beside each a.png; docs/how-to/own-data.md shows all three."
            )
        return _Own(records, root, False, listing, texts=texts)

    def _splits(
        self, root: Path, own: _Own, keys: dict[str, str], rule: str, share: float
    ) -> tuple[dict[str, str], list[Path], str]:
        """Return (file -> split, lists read, what was done)."""
        if rule == "hash":
            if not 0 < share < 1:
                raise UserError(f"datasets.{self.name}.options: test_share = {share:g} is not between 0 and 1.")
            by_hash = {file: split_by_hash(key, share) for file, key in keys.items()}
            return by_hash, [], f"splits: {share:.0%} of the images for testing, chosen by their names"
        if rule == "lists":
            by_key, lists = split_by_lists(root, keys)
            listed = {file: by_key[key] for file, key in keys.items() if key in by_key}
            return listed, lists, f"splits: {', '.join(str(path) for path in lists)}"
        if rule == FOLDERS:
            return split_by_folder(own.records, own.source), [], "splits: folders train, val and test"
        return split_by_column(own.records, rule, own.source), [], f"splits: the column {rule}"

    def _warnings(self, root: Path, own: _Own, splits: dict[str, str]) -> list[str]:
        unlisted = [record.file for record in own.records if record.file not in splits]
        found = counted(unlisted, "images are in no list and were left out")
        column = self.entry.options.get("split", "hash") == "hash" and any("split" in one.fields for one in own.records)
        if column:
            found.append("The column split was not read: --set split=split takes the splits from it.")
        if own.table:
            named = {record.file for record in own.records}
            nameless = [file for file in own.listing.images if file not in named]
            found += counted(nameless, f"images are not in {own.source.name} and were left out")
        found += [f"The column {name} of {own.source.name} was not read: it holds captions too." for name in own.unread]
        texts = set(own.listing.others.get(".txt", ())) - {f"{split}.txt" for split in SPLITS}
        orphans = sorted(texts.difference(own.texts))
        if not own.table:
            found += counted(orphans, "text files lie beside no image and were not read")
        unread = own.listing.unread([*own.listing.others.get(".txt", ()), own.source.name])
        found += [unread] if unread else []
        empty = [r.file for r in own.records if len(usable_captions(r.captions)) < len(r.captions)]
        if empty:
            found.append(
                f"Captions without a word in English letters were left out at {len(empty)} images: {some(empty)}."
            )
        sizes = Counter(splits.values())
        found += [f"There is no image in the split {split}." for split in ("train", "test") if not sizes[split]]
        return found


def _keys(own: _Own) -> dict[str, str]:
    """Return file -> id, which is the file without its ending.

    Raises:
        UserError: two images differ in their ending only.
    """
    keys = {record.file: PurePosixPath(record.file).with_suffix("").as_posix() for record in own.records}
    twice = [key for key, count in Counter(keys.values()).items() if count > 1]
    if twice:
        raise UserError(
            f"{own.source}: {len(twice)} images differ from others in their ending only, as in {twice[0]!r}; rename "
            "them, since the name without its ending is an image's id."
        )
    return keys


def _texts(root: Path, records: Sequence[Record]) -> list[Path]:
    """Return every place a caption text may lie and the images' folders: changed, lost and new ones are noticed."""
    texts = [root / text for record in records for text in text_places(record.file)]
    return [*dict.fromkeys((root / record.file).parent for record in records), *texts]
