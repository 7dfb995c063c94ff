"""A prepared data set: what it holds, by name and digest, and where its files lie."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.files import digest_of, digest_of_file, write_bytes
from t2ibench.core.types import Caption

FILE_NAME: Final = "manifest.json"
FORMAT: Final = 2
"""Raised by hand whenever the file's form or the reading of a data set changes: older manifests are made anew."""

Box = tuple[int, int, int, int]
"""(x, y, width, height) in pixels of the image file."""


@dataclass(frozen=True)
class ImageEntry:
    """One image of a data set.

    Attributes:
        id: its key, the same on every machine, as in "001.Black_footed_Albatross/Black_Footed_Albatross_0046_18".
        file: its file, relative to the manifest's root.
        split: the split it belongs to.
        class_id: its class; None where the data set has none.
        box: the object's bounding box; None where the data set has none.
        captions: its captions as written, at least one.
        size: of the file in bytes.
        sha256: of the file's bytes.
    """

    id: str
    file: str
    split: str
    class_id: int | None
    box: Box | None
    captions: tuple[str, ...]
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """All that training and evaluation know of a data set.

    Attributes:
        name: of the data set, as in benchmarks.toml.
        root: folder of the files; it takes no part in `digest`.
        images: the images in the metadata's order, split by split.
        vocabulary: the captions' words by index; index 0 is "<end>", the padding.
        vocabulary_origin: "released" where a captions.pickle came with the data (released encoders need it), "built"
            where the words were collected here.
        sources: the other files it was read from, relative to the root.
        warnings: sentences a user should see.
        caveats: sentences that every number made from this data set carries along.
        missing: ids of images that the metadata names and that are not there or not usable; not empty only where the
            user asked for a partial data set.
        upright: whether images are turned as their EXIF orientation says. Data sets with an official loader are read
            as that loader does, without turning.
        whole: whether images are shown whole, neither cropped nor flipped, because captions say where things are.
        found: what was found where, sentences for the user.
        request: digest of the settings it was prepared with.
        stamp: digest of the sizes and times of all files at that moment.
        made: whether the toolkit drew the files itself, into the workspace.
        format: see FORMAT.
        home: folder in the workspace that the manifest lies in, with its image caches; None where it is not kept. It
            is not written.
    """

    name: str
    root: Path
    images: tuple[ImageEntry, ...]
    vocabulary: tuple[str, ...]
    vocabulary_origin: Literal["released", "built"]
    sources: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    upright: bool = False
    whole: bool = False
    found: tuple[str, ...] = ()
    request: str = ""
    stamp: str = ""
    made: bool = False
    format: int = FORMAT
    home: Path | None = None

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 over names, splits, classes, boxes, captions, image contents, vocabulary, and what is missing.

        It does not depend on where the files lie: equal data have equal digests on every machine.
        """
        images = [
            [image.id, image.split, image.class_id, image.box, image.captions, image.size, image.sha256]
            for image in self.images
        ]
        content: dict[str, Any] = {"name": self.name, "images": images, "vocabulary": self.vocabulary}
        if self.missing:
            content["missing"] = self.missing
        if self.upright:
            content["upright"] = True
        if self.whole:
            content["whole"] = True
        return digest_of(content)

    @functools.cached_property
    def splits(self) -> dict[str, tuple[ImageEntry, ...]]:
        """Name of a split -> its images, in order."""
        found: dict[str, list[ImageEntry]] = {}
        for image in self.images:
            found.setdefault(image.split, []).append(image)
        return {name: tuple(images) for name, images in found.items()}

    @functools.cached_property
    def by_id(self) -> dict[str, ImageEntry]:
        """Id -> image."""
        return {image.id: image for image in self.images}

    def split(self, name: str) -> tuple[ImageEntry, ...]:
        """Return a split's images, in order.

        Raises:
            UserError: there is no such split.
        """
        require_known(f"split of {self.name}", self.splits, name)
        return self.splits[name]

    def captions(self, split: str) -> tuple[Caption, ...]:
        """Return all captions of a split, image by image, with ids "<data set>/<split>/<image>#<index>".

        Raises:
            UserError: there is no such split.
        """
        return tuple(self.caption(image, index) for image in self.split(split) for index in range(len(image.captions)))

    def caption(self, image: ImageEntry, index: int) -> Caption:
        """Return an image's caption number `index` (from 0)."""
        return Caption(
            id=f"{self.name}/{image.split}/{image.id}#{index}",
            text=image.captions[index],
            image_id=image.id,
            index=index,
            class_id=image.class_id,
        )

    def path(self, image: ImageEntry) -> Path:
        """Return where an image's file lies."""
        return self.root / image.file

    def write(self, path: Path, *, within: Path | None = None) -> None:
        """Write the manifest as JSON, atomically.

        Args:
            path: the file.
            within: a folder that may be moved with the file in it: a root that lies in it too is written relative to
                the file, so that a moved or copied workspace finds its own files, and never those of the original.
        """
        root = self.root
        if within is not None and root.is_relative_to(within):
            root = Path(os.path.relpath(root, path.parent))
        write_bytes(path, _FORM.dump_json(dataclasses.replace(self, root=root), exclude={"home"}))


_FORM: Final = TypeAdapter(Manifest)


def read_manifest(path: Path) -> Manifest:
    """Return the manifest of a file that `Manifest.write` wrote.

    Raises:
        UserError: the file is missing, truncated or of another form.
    """
    try:
        found = _FORM.validate_json(path.read_bytes())
        return dataclasses.replace(found, root=Path(os.path.normpath(path.parent / found.root)))
    except FileNotFoundError:
        raise UserError(f"{path} is missing: it should hold the manifest of a prepared data set.") from None
    except ValidationError as error:
        raise UserError(
            f"{path} is not the manifest of a data set ({error.errors()[0]['msg']}). Delete it and prepare the data "
            "set again with `t2ibench data prepare`."
        ) from error


def stamp_of(root: Path, files: Sequence[str]) -> str:
    """Return a digest of files' sizes, times and inodes: a cheap sign that none was changed since.

    The inode's own time moves with every write, also where a tool sets the modification time back.

    A missing file counts as such and does not raise. Takes some 10 microseconds a file.
    """
    found: list[tuple[str, int, int, int, int]] = []
    for name in files:
        try:
            state = (root / name).stat()
            found.append((name, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino))
        except OSError:
            found.append((name, -1, -1, -1, -1))
    return digest_of(found)


def written_since(root: Path, names: Sequence[str], began: int) -> list[str]:
    """Return the files that were written or put there after a moment (nanoseconds since 1970)."""

    def written(name: str) -> bool:
        try:
            return (root / name).stat().st_ctime_ns >= began
        except OSError:  # not there: the stamp says so
            return False

    return [name for name in names if written(name)]


def images_changed(manifest: Manifest, files: Sequence[str]) -> bool:
    """Return whether any of some image files of a data set is not what its digest says."""
    wanted = set(files)
    try:
        return any(digest_of_file(manifest.path(one)) != one.sha256 for one in manifest.images if one.file in wanted)
    except OSError:
        return True


def forget_stamp(manifest: Manifest) -> None:
    """Have the data set prepared anew by whoever opens it next: its files are not those that the manifest names."""
    if manifest.home is not None and (manifest.home / FILE_NAME).is_file():
        dataclasses.replace(manifest, stamp="").write(manifest.home / FILE_NAME)
