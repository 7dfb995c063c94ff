"""From what an adapter found to a manifest: what is missing is named, files are hashed, odd things are said."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.adapter import MissingImagesError, some
from t2ibench.data.contents import FileState, digests_of
from t2ibench.data.manifest import Box, ImageEntry, Manifest
from t2ibench.text.vocabulary import Vocabulary

NOT_THERE: Final = "are not there"
DAMAGED: Final = "are damaged"
NO_CAPTION: Final = "have no caption with a word in it"


@dataclass(frozen=True, slots=True)
class Row:
    """An image as an adapter found it; see ImageEntry.

    Attributes:
        id: its key.
        path: its file, None where it is not there.
        split: the split it belongs to.
        captions: usable ones, in order.
        class_id: its class.
        box: of the object.
    """

    id: str
    path: Path | None
    split: str
    captions: tuple[str, ...]
    class_id: int | None = None
    box: Box | None = None


@dataclass(frozen=True)
class Words:
    """A vocabulary that came with the data.

    Attributes:
        words: by index.
        origin: "built" where the order of the words gives away that it is not the released one.
        warnings: sentences a user should see.
    """

    words: tuple[str, ...]
    origin: Literal["released", "built"]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Findings:
    """All that an adapter found.

    Attributes:
        rows: images in the metadata's order, split by split.
        where: where images were looked for, for the sentence about missing ones.
        advice: what to do about images that are not there, a sentence.
        caption_advice: what to do about images without captions.
        sources: the other files read.
        found: what was found where, sentences for the user.
        warnings: sentences a user should see.
        words: the vocabulary that came with the data; None to build one from the captions of the training split.
        upright: see Manifest.
        decode: whether to decode every image now: for images that nobody has checked before.
        few_captions: whether fewer captions than the data set should have are worth a warning.
    """

    rows: Sequence[Row]
    where: str
    advice: str
    sources: Sequence[Path] = ()
    found: Sequence[str] = ()
    warnings: Sequence[str] = ()
    words: Words | None = None
    upright: bool = False
    decode: bool = False
    few_captions: bool = True
    caption_advice: str = ""


def assemble(
    name: str, entry: DatasetEntry, root: Path, findings: Findings, *, partial: bool, progress: bool
) -> Manifest:
    """Return the manifest of what an adapter found.

    Args:
        name: of the data set.
        entry: its table.
        root: the folder the user named.
        findings: what was found.
        partial: whether unusable images may be left out.
        progress: whether to show a bar on stderr.

    Raises:
        MissingImagesError: images are not usable, and `partial` is not set.
        UserError: two images have one id, or no image is usable.
    """
    rows = findings.rows
    twice = [key for key, count in Counter(row.id for row in rows).items() if count > 1]
    if twice:
        raise UserError(f"{findings.where}: {len(twice)} ids stand for more than one image: {some(twice)}.")
    absent = {row.id: NOT_THERE for row in rows if row.path is None}
    absent |= {row.id: NO_CAPTION for row in rows if not row.captions and row.id not in absent}
    if not findings.decode:
        _refuse(name, findings, absent, partial)  # before minutes of hashing
    present = [(row, row.path) for row in rows if row.id not in absent and row.path is not None]
    states = digests_of(
        [path for _, path in present], title=f"reading {name}", progress=progress, decode=findings.decode
    )
    absent |= {row.id: DAMAGED for (row, _), state in zip(present, states, strict=True) if state.fault}
    _refuse(name, findings, absent, partial)
    images = tuple(
        _entry(row, path, root, state)
        for (row, path), state in zip(present, states, strict=True)
        if row.id not in absent
    )
    if not images:
        raise UserError(f"{findings.where}: no image of {name} can be used. {findings.advice}")
    words = findings.words or Words(_built_words(images), "built")
    return Manifest(
        name=name,
        root=root,
        images=images,
        vocabulary=words.words,
        vocabulary_origin=words.origin,
        sources=tuple(relative(path, root) for path in findings.sources),
        warnings=(*findings.warnings, *words.warnings, *_warnings(name, entry, findings, images)),
        caveats=tuple(_caveats(name, entry, images, absent)),
        missing=tuple(absent),
        upright=findings.upright,
        found=tuple(findings.found),
    )


def relative(path: Path, root: Path) -> str:
    """Return a path relative to the root, with "/" on every system."""
    return Path(os.path.relpath(path, root)).as_posix()


def _refuse(name: str, findings: Findings, absent: Mapping[str, str], partial: bool) -> None:
    if not absent or partial:
        return
    reasons = "; ".join(
        f"{len(names)} of the {len(findings.rows)} images named in {findings.where} {reason}: {some(names)}"
        for reason in dict.fromkeys(absent.values())
        if (names := [key for key, why in absent.items() if why == reason])
    )
    advice = {NOT_THERE: findings.advice, NO_CAPTION: findings.caption_advice, DAMAGED: "Replace the damaged files."}
    todo = " ".join(advice[reason] for reason in dict.fromkeys(absent.values()))
    raise MissingImagesError(
        f"{reasons}. {todo} To go on without them: `t2ibench data prepare {name} --partial`, which marks the "
        "data set and every number made from it as partial.",
        tuple(absent),
    )


def _entry(row: Row, path: Path, root: Path, state: FileState) -> ImageEntry:
    return ImageEntry(
        row.id, relative(path, root), row.split, row.class_id, row.box, row.captions, state.size, state.sha256
    )


def _built_words(images: Sequence[ImageEntry]) -> tuple[str, ...]:
    """Return the words of the training split's captions, with one for the unknown; of all captions without such."""
    training = [image for image in images if image.split == "train"] or images
    return Vocabulary.learned(caption for image in training for caption in image.captions).words


def _warnings(name: str, entry: DatasetEntry, findings: Findings, images: Sequence[ImageEntry]) -> Iterator[str]:
    few = [image.id for image in images if len(image.captions) < entry.captions_per_image]
    if few and findings.few_captions:
        yield f"{len(few)} images of {name} have fewer than {entry.captions_per_image} captions: {some(few)}."
    seen: dict[str, str] = {}
    twins = [image.id for image in images if seen.setdefault(image.sha256, image.split) != image.split]
    if twins:
        yield f"{len(twins)} images of {name} are, byte for byte, in another split too: {some(twins)}."


def _caveats(name: str, entry: DatasetEntry, images: Sequence[ImageEntry], absent: Mapping[str, str]) -> Iterator[str]:
    if absent:
        total = len(images) + len(absent)
        yield f"{name} is partial: {len(absent)} of its {total} images were left out, so numbers from it stand alone."
    counts = Counter(image.split for image in images)
    for split, expected in entry.splits.items():
        if counts[split] != expected:
            yield (
                f"{name} has {counts[split]} images in its {split} split where {expected} are expected: numbers from "
                "it may not be compared with published ones."
            )
