"""Where the official repositories keep the files that belong to a generator's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_ENCODERS: Final = {
    "cub": ("DAMSMencoders/bird", "data/birds/DAMSMencoder", "data/bird/DAMSMencoder"),
    "coco": ("DAMSMencoders/coco", "data/coco/DAMSMencoder"),
}
_CAPTIONS: Final = {"cub": ("data/birds", "data/bird"), "coco": ("data/coco",)}
_NAMES: Final = ("captions.pickle", "captions_DAMSM.pickle")
_HIGHEST: Final = 4
"""How many folders above a file are looked into: models/x.pth lies one below the repository, DF-GAN's three."""


def text_encoders_near(files: Sequence[Path], dataset: str) -> list[Path]:
    """Return files called text_encoder*.pth in the first folder that has any: the given ones', then the layout's.

    Args:
        files: of generators or encoders.
        dataset: "cub" or "coco" limits the layout to its folders; "" takes those of all, since any may be meant.
    """
    found: list[Path] = []
    for folder in _folders(files, _ENCODERS, dataset):
        found += sorted(folder.glob("text_encoder*.pth"))
        if found and (dataset or folder in {file.absolute().parent for file in files}):
            break
    return found


def encoder_beside(path: Path, own: str, other: str) -> Path | None:
    """Return the file of the `other` encoder, if it is there: the official code derives the image encoder's name so.

    Args:
        path: of one encoder.
        own: what it is called in the name, as in "text_encoder".
        other: what the other one is called there, as in "image_encoder".
    """
    twin = path.with_name(path.name.replace(own, other))
    return twin if twin != path and twin.is_file() else None


def captions_near(files: Sequence[Path], dataset: str) -> Path | None:
    """Return the captions.pickle beside the given files, else in the official layout around them; None without."""
    for folder in _folders(files, _CAPTIONS, dataset):
        for name in _NAMES:
            if (folder / name).is_file():
                return folder / name
    return None


def _folders(files: Sequence[Path], layout: dict[str, tuple[str, ...]], dataset: str) -> Iterator[Path]:
    """Yield the files' own folders first, then the layout's folders under the folders above them."""
    parents = [file.absolute().parent for file in files]
    yield from dict.fromkeys(parents)
    places = layout.get(dataset) or tuple(place for all_of_one in layout.values() for place in all_of_one)
    for parent in dict.fromkeys(parents):
        for above in [parent, *parent.parents][:_HIGHEST]:
            for place in places:
                if (above / place).is_dir():
                    yield above / place
