"""COCO's caption files (captions_train2014.json and its like) and Karpathy's (dataset_coco.json)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.reading.text import read_content
from t2ibench.core.spec.benchmarks import describe
from t2ibench.data.adapter import safe_name
from t2ibench.text.tokenizer import usable_captions

KARPATHY: Final = "dataset_coco.json"
_KARPATHY_SPLITS: Final = {"train": "train", "restval": "train", "val": "val", "test": "test"}
"""Karpathy's names to ours: "restval", the rest of val2014, belongs to the training images."""


@dataclass(frozen=True, slots=True)
class CocoImage:
    """An image that a caption file names.

    Attributes:
        number: COCO's id of it, the same in 2014 and 2017.
        file: its file name, without a folder.
        captions: usable ones, each in one line.
        split: the split it belongs to.
    """

    number: int
    file: str
    captions: tuple[str, ...]
    split: str


@dataclass
class _Image:
    id: int
    file_name: str


@dataclass
class _Annotation:
    image_id: int
    caption: str
    id: int = 0


@dataclass
class _CaptionFile:
    images: list[_Image]
    annotations: list[_Annotation]


@dataclass
class _Sentence:
    raw: str


@dataclass
class _KarpathyImage:
    cocoid: int
    filename: str
    split: str
    sentences: list[_Sentence]


@dataclass
class _KarpathyFile:
    images: list[_KarpathyImage]


_CAPTIONS: Final = TypeAdapter(_CaptionFile)
_SPLITS: Final = TypeAdapter(_KarpathyFile)


def read_caption_file(path: Path, split: str) -> list[CocoImage]:
    """Return the images of one of COCO's caption files, by number; captions in the order of their annotation ids.

    Args:
        path: captions_<part><year>.json.
        split: the split they belong to.

    Raises:
        UserError: the file is no JSON of COCO's form; or a caption belongs to an image that it does not list; or a
            file name climbs out of the data set.
    """
    content = _read(
        _CAPTIONS, path, 'COCO\'s form, {"images": [{id, file_name}], "annotations": [{image_id, caption}]}'
    )
    captions: dict[int, list[tuple[int, str]]] = {image.id: [] for image in content.images}
    for annotation in content.annotations:
        if annotation.image_id not in captions:
            raise UserError(f"{path}: a caption is of the image {annotation.image_id}, which is not among its images.")
        captions[annotation.image_id].append((annotation.id, annotation.caption))
    return [
        CocoImage(
            image.id,
            _file_name(image.file_name, path),
            usable_captions(text for _, text in sorted(captions[image.id])),
            split,
        )
        for image in sorted(content.images, key=lambda image: image.id)
    ]


def read_karpathy_file(path: Path) -> list[CocoImage]:
    """Return the images of Karpathy's dataset_coco.json: splits train (with restval), val and test, by number.

    Raises:
        UserError: as `read_caption_file`, or a split of another name.
    """
    content = _read(_SPLITS, path, 'Karpathy\'s form, {"images": [{cocoid, filename, split, sentences}]}')
    listed = []
    for image in sorted(content.images, key=lambda image: image.cocoid):
        if image.split not in _KARPATHY_SPLITS:
            raise UserError(f"{path}: the image {image.filename!r} is of the split {image.split!r}, which is unknown.")
        captions = usable_captions(sentence.raw for sentence in image.sentences)
        split = _KARPATHY_SPLITS[image.split]
        listed.append(CocoImage(image.cocoid, _file_name(image.filename, path), captions, split))
    order = ("train", "val", "test")
    return sorted(listed, key=lambda image: order.index(image.split))


def _file_name(name: str, path: Path) -> str:
    return safe_name(name, path).rpartition("/")[2]


def _read(form: TypeAdapter[Any], path: Path, what: str) -> Any:
    try:
        return form.validate_json(read_content(path, what=what))
    except ValidationError as error:
        raise UserError(f"{path} is not of {what}: {describe(error)} It may be truncated: fetch it again.") from error
