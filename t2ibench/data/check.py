"""Looking at every file of a data set: what is there, and what is wrong with it, by name."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from tqdm import tqdm

from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.adapter import counted
from t2ibench.data.batches.cache import cache_fault, caches_of
from t2ibench.data.batches.transforms import bird_crop
from t2ibench.data.images import IMAGE_FAULTS, opened, reading_threads, reason_of, rgb_of
from t2ibench.data.manifest import Box, ImageEntry, Manifest, forget_stamp
from t2ibench.text.tokenizer import tokenize
from t2ibench.text.vocabulary import UNKNOWN

_SHOWN_WORDS: Final = 10
_FOREIGN: Final = 0.2
"""A caption of which more than this share of the letters is not ASCII is most likely not English."""


@dataclass(frozen=True)
class DatasetCheck:
    """What a check found.

    Attributes:
        facts: how many images, classes, captions and words there are, a line each.
        problems: what stops or spoils work, a sentence a file.
        notices: what a user should know, a sentence each.
    """

    facts: tuple[str, ...]
    problems: tuple[str, ...]
    notices: tuple[str, ...]


def check_dataset(manifest: Manifest, entry: DatasetEntry) -> DatasetCheck:
    """Return what is in a prepared data set and what is wrong with it; every image is read and decoded.

    Where an image is not what the manifest says, the data set is prepared anew when it is opened next.
    """
    problems: list[str] = []
    outside: list[str] = []
    with ThreadPoolExecutor(reading_threads()) as pool:
        faults = pool.map(lambda image: _check_image(manifest, image), manifest.images)
        bar = tqdm(faults, total=len(manifest.images), desc=f"checking {manifest.name}", disable=None, delay=1)
        for image, (problem, box_outside) in zip(manifest.images, bar, strict=True):
            problems += [problem] if problem else []
            outside += [image.id] if box_outside else []
    if problems:
        forget_stamp(manifest)  # `t2ibench data prepare` reads all files again, whatever their times say
    longest, unknown = _words(manifest)
    notices = [*manifest.caveats, *manifest.warnings]
    notices += counted(outside, "boxes reach over the border of their image")
    foreign = [image.id for image in manifest.images if any(_is_foreign(caption) for caption in image.captions)]
    notices += counted(
        foreign,
        "images have captions that are hardly English: letters outside ASCII are left out of words, so the encoder "
        "reads little of them",
    )
    if unknown:
        common = [f"{word} ({count})" for word, count in unknown.most_common(_SHOWN_WORDS)]
        how = f"read as {UNKNOWN}" if UNKNOWN in manifest.vocabulary else "left out"
        notices.append(
            f"{len(unknown)} words of the captions are not in the {manifest.vocabulary_origin} vocabulary and will be "
            f"{how}: {', '.join(common)}{', ...' if len(unknown) > _SHOWN_WORDS else ''}."
        )
    cache_faults = {resolution: cache_fault(manifest, resolution, deep=True) for resolution in caches_of(manifest)}
    notices += [
        f"The cache for {resolution} pixels is not used: {fault}. `t2ibench data prepare {manifest.name} "
        f"--cache {resolution}` makes it anew."
        for resolution, fault in cache_faults.items()
        if fault
    ]
    return DatasetCheck(tuple(_facts(manifest, entry, longest)), tuple(problems), tuple(notices))


def _facts(manifest: Manifest, entry: DatasetEntry, longest: int) -> Iterator[str]:
    shared: Counter[int] = Counter()
    for split, images in manifest.splits.items():
        classes = {image.class_id for image in images if image.class_id is not None}
        shared.update(classes)
        expected = f" of {entry.splits[split]} expected" if split in entry.splits else ""
        yield f"{split}: {len(images)} images{expected}, {len(classes)} classes"
    yield f"classes in more than one split: {sum(splits > 1 for splits in shared.values())}"
    captions = sorted(Counter(len(image.captions) for image in manifest.images).items())
    spread = ", ".join(f"{count} for {images} images" for count, images in captions)
    yield f"captions: {spread}; the longest has {longest} words"
    yield f"vocabulary: {len(manifest.vocabulary)} words, {manifest.vocabulary_origin}"
    yield f"digest: {manifest.digest}"


def _check_image(manifest: Manifest, image: ImageEntry) -> tuple[str, bool]:
    """Return ("" or the fault of an image's file, whether its box reaches over the border)."""
    path = manifest.path(image)
    try:
        content = path.read_bytes()
        with opened(io.BytesIO(content)) as image_file:
            width, height = rgb_of(image_file, upright=manifest.upright).size
    except FileNotFoundError:
        return f"{path} is missing.", False
    except IMAGE_FAULTS as error:
        return f"{path} is damaged ({reason_of(error)}).", False
    if hashlib.sha256(content).hexdigest() != image.sha256:
        return (
            f"{path} has changed since the data set was prepared: `t2ibench data prepare {manifest.name}` takes it as "
            "it is now."
        ), False
    if image.box is None:
        return "", False
    try:
        bird_crop(image.box, width, height)
    except ValueError as error:
        return f"{path}: {error}.", True
    return "", _outside(image.box, width, height)


def _outside(box: Box, width: int, height: int) -> bool:
    x, y, box_width, box_height = box
    return x < 0 or y < 0 or x + box_width > width or y + box_height > height


def _words(manifest: Manifest) -> tuple[int, Counter[str]]:
    """Return the words of the longest caption and the words that the vocabulary does not have, with counts."""
    known = set(manifest.vocabulary)
    longest = 0
    unknown: Counter[str] = Counter()
    for caption in itertools.chain.from_iterable(image.captions for image in manifest.images):
        tokens = tokenize(caption)
        longest = max(longest, len(tokens))
        unknown.update(token for token in tokens if token not in known)
    return longest, unknown


def _is_foreign(caption: str) -> bool:
    letters = [letter for letter in caption if letter.isalpha()]
    return sum(not letter.isascii() for letter in letters) > _FOREIGN * len(letters)
