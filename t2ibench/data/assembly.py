"""From what an adapter found to a manifest: what is missing is named, files are hashed, odd things are said."""

from __future__ import annotations

import hashlib
import io
import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

from tqdm import tqdm

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.adapter import MissingImagesError, counted, some
from t2ibench.data.manifest import Box, ImageEntry, Manifest
from t2ibench.text.tokenizer import tokenize
from t2ibench.text.vocabulary import UNKNOWN, Vocabulary

NOT_THERE: Final = "are not there"
DAMAGED: Final = "cannot be read"
NO_CAPTION: Final = "have no caption with a word in it"
_NO_KNOWN_WORD: Final = "have no caption with a word that the vocabulary knows"
_NAMED: Final = 100
"""Images that an error names; of more the rest is counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """An image as an adapter found it; see ImageEntry.

    Attributes:
        id: its key.
        path: its file, None where it is not there.
        split: the split it belongs to.
        captions: usable ones, in order; those beyond the data set's `captions_per_image` are left out.
        class_id: its class.
        box: of the object.
        name: what the metadata calls its file, for errors; "" for its id.
    """

    id: str
    path: Path | None
    split: str
    captions: tuple[str, ...]
    class_id: int | None = None
    box: Box | None = None
    name: str = ""


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
        there: names of the files that are there, for near ones of those that are not.
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
    there: Sequence[str] = ()
    few_captions: bool = True
    caption_advice: str = ""


class FilesAdapter(ABC):
    """Base of adapters of files that users bring; see `DatasetAdapter`."""

    def __init__(self, name: str, entry: DatasetEntry) -> None:
        self.name = name
        self.entry = entry

    @abstractmethod
    def find(self, root: Path, *, partial: bool) -> Findings:
        """Return what lies under an existing folder; arguments and errors as of `DatasetAdapter.read`."""

    def read(self, root: Path, *, partial: bool = False) -> Manifest:
        """Return the manifest of the files under `root`; see `find`, `assemble` and `DatasetAdapter`."""
        if not root.is_dir():
            raise UserError(f"{root} is not a folder: --data-root wants the folder that holds {self.name}'s files.")
        return assemble(self.name, self.entry, root, self.find(root, partial=partial), partial=partial)


def assemble(name: str, entry: DatasetEntry, root: Path, findings: Findings, *, partial: bool) -> Manifest:
    """Return the manifest of what an adapter found.

    Args:
        name: of the data set.
        entry: its table.
        root: the folder the user named.
        findings: what was found.
        partial: whether unusable images may be left out.

    Raises:
        MissingImagesError: images are not usable, and `partial` is not set.
        UserError: two images have one id, or no image is usable.
    """
    rows = findings.rows
    twice = [key for key, count in Counter(row.id for row in rows).items() if count > 1]
    if twice:
        raise UserError(f"{findings.where}: {len(twice)} ids stand for more than one image: {some(twice)}.")
    words, count = findings.words, entry.captions_per_image
    many = [row.name or row.id for row in rows if len(row.captions) > count]
    if many:
        rows = [replace(row, captions=row.captions[:count]) for row in rows]
    rows, wordless, unreadable = (rows, [], set[str]()) if words is None else _readable(rows, words)
    absent = {row.id: (NOT_THERE, "") for row in rows if row.path is None}
    absent |= {
        row.id: (_NO_KNOWN_WORD if row.id in unreadable else NO_CAPTION, "")
        for row in rows
        if not row.captions and row.id not in absent
    }
    if not findings.decode:
        _refuse(name, findings, absent, partial)  # before minutes of hashing
    present = [(row, row.path) for row in rows if row.id not in absent and row.path is not None]
    states = _digests_of([path for _, path in present], title=f"reading {name}", decode=findings.decode)
    absent |= {row.id: (DAMAGED, state.fault) for (row, _), state in zip(present, states, strict=True) if state.fault}
    _refuse(name, findings, absent, partial)
    images = tuple(
        ImageEntry(
            row.id, relative(path, root), row.split, row.class_id, row.box, row.captions, state.size, state.sha256
        )
        for (row, path), state in zip(present, states, strict=True)
        if row.id not in absent
    )
    if not images:
        raise UserError(f"No image of {name} can be used: {_reasons(findings, absent)}. {_advice(findings, absent)}")
    words = words or Words(_built_words(images), "built")
    return Manifest(
        name=name,
        root=root,
        images=images,
        vocabulary=words.words,
        vocabulary_origin=words.origin,
        sources=tuple(relative(path, root) for path in findings.sources),
        warnings=(
            *counted(many, f"images have more than {count} captions; the first {count} were taken"),
            *findings.warnings,
            *words.warnings,
            *([f"Left out: {_reasons(findings, absent)}."] if absent else []),
            *counted(wordless, "captions without a word that the vocabulary knows were left out", 10),
            *_warnings(name, entry, findings, images),
        ),
        caveats=tuple(_caveats(name, entry, images, absent)),
        missing=tuple(absent),
        upright=findings.upright,
        found=tuple(findings.found),
    )


def relative(path: Path, root: Path) -> str:
    """Return a path relative to the root, with "/" on every system."""
    return Path(os.path.relpath(path, root)).as_posix()


def _readable(rows: Sequence[Row], words: Words) -> tuple[Sequence[Row], list[str], set[str]]:
    """Return (the rows without captions of which the vocabulary knows no word, those captions, the ids of their rows).

    Training with such a caption would stop at the step that meets it.
    """
    known = set(words.words)
    if UNKNOWN in known:
        return rows, [], set()
    kept, wordless, lost = [], [], set()
    for row in rows:
        left_out = [text for text in row.captions if known.isdisjoint(tokenize(text))]
        if left_out:
            wordless += [f"{row.id} ({text!r})" for text in left_out]
            lost.add(row.id)
            row = replace(row, captions=tuple(text for text in row.captions if text not in left_out))
        kept.append(row)
    return kept, wordless, lost


def _refuse(name: str, findings: Findings, absent: Mapping[str, tuple[str, str]], partial: bool) -> None:
    if not absent or partial:
        return
    raise MissingImagesError(
        f"{_reasons(findings, absent)}. {_advice(findings, absent)} To go on without them: "
        f"`t2ibench data prepare {name} --partial`, which marks the data set and every number made from it as partial.",
        tuple(absent),
    )


def _reasons(findings: Findings, absent: Mapping[str, tuple[str, str]]) -> str:
    """Return what is wrong with how many images, and their names: a clause a reason."""
    names = {row.id: row.name or row.id for row in findings.rows}
    there = {name.casefold(): name for name in findings.there}
    clauses = []
    for reason in dict.fromkeys(why for why, _ in absent.values()):
        faults: dict[str, list[str]] = {}
        for key, (why, fault) in absent.items():
            near = there.get(names[key].casefold(), "") if why == NOT_THERE else ""
            if why == reason:
                faults.setdefault(fault, []).append(f"{names[key]} ({near}?)" if near else names[key])
        count = sum(len(found) for found in faults.values())
        listed = "; ".join(_listed(found) + (f" ({fault})" if fault else "") for fault, found in faults.items())
        clauses.append(f"{count} of the {len(findings.rows)} images named in {findings.where} {reason}: {listed}")
    return "; ".join(clauses)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(sorted(names)[:_NAMED]) + more


def _advice(findings: Findings, absent: Mapping[str, tuple[str, str]]) -> str:
    advice = {
        NOT_THERE: findings.advice,
        NO_CAPTION: findings.caption_advice,
        _NO_KNOWN_WORD: findings.caption_advice,
        DAMAGED: "Replace the damaged files.",
    }
    return " ".join(advice[reason] for reason in dict.fromkeys(why for why, _ in absent.values()))


@dataclass(frozen=True, slots=True)
class FileState:
    """What is known of a file.

    Attributes:
        size: in bytes.
        sha256: of its bytes.
        fault: why it cannot be decoded as an image; "" if it can, or was not tried.
    """

    size: int
    sha256: str
    fault: str = ""


def _digests_of(paths: Sequence[Path], *, title: str, decode: bool = False) -> list[FileState]:
    """Return the state of every file, in order.

    Args:
        paths: existing files.
        title: of the bar.
        decode: whether to decode each file as an image too, some 5 ms for a photo.
    """
    with ThreadPoolExecutor(4) as pool:  # hashing, reading and decoding hold no lock of Python's
        states = pool.map(partial(_state, decode=decode), paths)
        return list(tqdm(states, total=len(paths), desc=title, unit="file", disable=None, delay=1.0))


def _state(path: Path, *, decode: bool) -> FileState:
    from t2ibench.data.images import fault_of_image

    content = path.read_bytes()  # one reading: size and digest are of the same bytes
    fault = fault_of_image(io.BytesIO(content)) if decode else ""
    return FileState(len(content), hashlib.sha256(content).hexdigest(), fault)


def _built_words(images: Sequence[ImageEntry]) -> tuple[str, ...]:
    """Return the words of the training split's captions, with one for the unknown; of all captions without such."""
    training = [image for image in images if image.split == "train"] or images
    return Vocabulary.learned(caption for image in training for caption in image.captions).words


def _warnings(name: str, entry: DatasetEntry, findings: Findings, images: Sequence[ImageEntry]) -> Iterator[str]:
    few = [image.id for image in images if len(image.captions) < entry.captions_per_image]
    if findings.few_captions:
        yield from counted(few, f"images of {name} have fewer than {entry.captions_per_image} captions")
    seen: dict[str, str] = {}
    twins = [image.id for image in images if seen.setdefault(image.sha256, image.split) != image.split]
    yield from counted(twins, f"images of {name} are, byte for byte, in another split too")


def _caveats(
    name: str, entry: DatasetEntry, images: Sequence[ImageEntry], absent: Mapping[str, tuple[str, str]]
) -> Iterator[str]:
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
