"""Finding and reading COCO: its own trees of 2014 and 2017, AttnGAN's, DF-GAN's, and Karpathy's split."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.data.adapter import checked_options, chosen, counted, missing_file
from t2ibench.data.assembly import FilesAdapter, Findings, Row
from t2ibench.data.attngan_metadata import AttnGANMetadata, metadata_in
from t2ibench.data.coco.annotations import KARPATHY, CocoImage, read_caption_file, read_karpathy_file
from t2ibench.data.coco.images import ImageIndex, key_of, number_of

METADATA: Final = "coco.zip"
_PARTS: Final = {"train": "train", "val": "test"}
"""COCO's parts to our splits: the papers test on the validation images."""
_YEARS: Final = (2014, 2017)
_RULES: Final = ("parts", "karpathy")


class COCO(FilesAdapter):
    """Adapter of COCO, which has no classes and no boxes here.

    Options: `split`: "parts" (train and val, as the papers) or "karpathy" (dataset_coco.json: train with restval, val,
    test); `year`: 2014 or 2017; 0 takes AttnGAN's metadata, else 2014, else 2017, whichever is there.
    """

    def find(self, root: Path, *, partial: bool) -> Findings:
        """Return what lies under `root`; see `FilesAdapter`.

        Captions: annotations/captions_{train,val}{2014,2017}.json, or AttnGAN's folder (filenames.pickle, text/,
        captions.pickle). Images: train2014/ and its like, in images/ or beside it, or all in images/. An image is
        found by its file name or its number, so that captions of 2014 go with images of 2017. Ids are the numbers:
        equal images and captions give equal manifests whatever the layout.

        Raises:
            MissingImagesError: images are not there, and `partial` is not set.
            UserError: the captions are missing or damaged.
        """
        options = checked_options(self.name, self.entry, {"split": "parts", "year": 0})
        rule = chosen(self.name, "split", options["split"], _RULES)
        year = int(str(options["year"]))
        if year not in (0, *_YEARS):
            raise UserError(
                f"datasets.{self.name}.options: year = {year} is none of COCO's caption years, 2014 and 2017."
            )
        inside = [root, root / "coco", root / "COCO", root / "data" / "coco", root / "data"]
        places = [place for place in inside if place.is_dir()]
        index = ImageIndex(places)
        karpathy = _first_file([place / below for place in places for below in (KARPATHY, f"annotations/{KARPATHY}")])
        metadata = None if rule == "karpathy" or year else self._metadata(root, places)
        found: list[str] = []
        words = None
        if rule == "karpathy":
            if karpathy is None:
                raise missing_file(root / KARPATHY, self.entry, "caption_datasets.zip", root)
            images, sources, where = read_karpathy_file(karpathy), [karpathy], karpathy
            found.append(f"splits and captions: {karpathy}")
        elif metadata is not None:
            images, sources, said = self._of_metadata(metadata, index, partial)
            where, words = metadata.folder, metadata.words()
            found += [f"splits: the metadata's filenames.pickle in {where}", said]
        else:
            files = self._caption_files(root, places, year)
            images = [image for split, path in files.items() for image in read_caption_file(path, split)]
            sources, where = list(files.values()), next(iter(files.values())).parent
            found += [f"captions of the split {split}: {path}" for split, path in files.items()]
        found.append(f"images: {', '.join(str(folder) for folder in index.folders) or 'none'}")
        if karpathy is not None and rule != "karpathy":
            found.append(f'{karpathy} is there too: the option split = "karpathy" uses it')
        others = index.others([(image.file, image.number) for image in images])
        return Findings(
            rows=[Row(key_of(one.number), index.find(one.file, one.number), one.split, one.captions) for one in images],
            where=str(where),
            advice=f"Unpack COCO's images into {root}{self._sources_of_images()}.",
            caption_advice=f"Fetch {where} again.",
            sources=sources,
            found=found,
            warnings=counted(others, "image files have no caption and were left out"),
            words=words,
        )

    def _metadata(self, root: Path, places: Sequence[Path]) -> AttnGANMetadata | None:
        for found in metadata_in(places, root, self.entry, METADATA):
            names = found.keys("train")
            if names and number_of(names[0]) is not None:
                return found
        return None

    def _of_metadata(
        self, metadata: AttnGANMetadata, index: ImageIndex, partial: bool
    ) -> tuple[list[CocoImage], list[Path], str]:
        keys = metadata.splits()
        numbers: dict[str, int] = {}
        for name in itertools.chain(*keys.values()):
            number = number_of(name)
            if number is None:
                raise UserError(f"{metadata.folder}: the image {name!r} does not end in COCO's twelve digits.")
            numbers[name] = number
        files = {name: f"{name.rpartition('/')[2]}.jpg" for name in numbers}
        there = {name for name, number in numbers.items() if index.find(files[name], number)}
        captions, texts, said = metadata.captions(keys, needed=() if partial else there)
        images = [
            CocoImage(numbers[name], files[name], captions[name], split)
            for split, names in keys.items()
            for name in names
        ]
        return images, [*metadata.files(), *texts], said

    def _caption_files(self, root: Path, places: Sequence[Path], year: int) -> dict[str, Path]:
        """Return split -> caption file, of the year asked for or the first that is there."""
        for candidate in (year,) if year else _YEARS:
            files = {}
            for part, split in _PARTS.items():
                name = f"captions_{part}{candidate}.json"
                path = _first_file([place / below for place in places for below in (f"annotations/{name}", name)])
                if path is not None:
                    files[split] = path
            if files:
                return files
        wanted = year or _YEARS[0]
        path = root / "annotations" / f"captions_train{wanted}.json"
        raise missing_file(path, self.entry, f"annotations_trainval{wanted}.zip", root)

    def _sources_of_images(self) -> str:
        urls = [f"{name} from {file.url}" for name, file in self.entry.files.items() if name[:5] in ("train", "val20")]
        return f" ({', '.join(urls)})" if urls else ""


def _first_file(paths: Sequence[Path]) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
