"""A data set for tests: coloured squares with one-sentence captions, drawn in milliseconds.

Beside the images lie made-up sentence codes in the layout of StackGAN's char-CNN-RNN files, for models that read
these.
"""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from t2ibench.core.files import digest_of_file
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.manifest import ImageEntry, Manifest

COLOURS: Final = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 60, 220), "yellow": (230, 210, 40)}
GROUNDS: Final = {"white": (245, 245, 245), "black": (15, 15, 15), "grey": (128, 128, 128)}
CODE_DIMENSION: Final = 8
"""Numbers of a made-up sentence code."""

_SIDE: Final = 40
_TEST_EVERY: Final = 4


class Squares:
    """An adapter for `registry("datasets").add("squares", Squares)`; option `images` says how many are drawn."""

    def __init__(self, name: str, entry: DatasetEntry) -> None:
        self._name = name
        self._count = int(str(entry.options.get("images", 24)))

    def drawing(self, settings: Mapping[str, int]) -> Mapping[str, int]:
        """Return how many images are drawn."""
        return {"images": settings.get("images", self._count), "version": 1}

    def draw(self, root: Path, settings: Mapping[str, int], *, replace: bool) -> None:
        """Draw the images into `root`."""
        from PIL import Image, ImageDraw

        root.mkdir(parents=True, exist_ok=True)
        count = self.drawing(settings)["images"]
        _write_codes(root, count)
        for index in range(count):
            colour, ground = _look(index)
            image = Image.new("RGB", (_SIDE, _SIDE), GROUNDS[ground])
            left, top, *_ = _box(index)
            ImageDraw.Draw(image).rectangle((left, top, left + 22, top + 22), fill=COLOURS[colour])
            image.save(root / f"{index:03}.png")

    def read(self, root: Path) -> Manifest:
        """Return the manifest of the images; every fourth one belongs to the test split."""
        images = []
        for index, path in enumerate(sorted(root.glob("*.png"))):
            colour, ground = _look(index)
            captions = (f"a {colour} square on {ground}", f"this square is {colour}")
            split = _split(index)
            size, digest = path.stat().st_size, digest_of_file(path)
            images.append(ImageEntry(path.stem, path.name, split, index % 4, None, captions, size, digest))
        words = sorted({word for image in images for caption in image.captions for word in caption.split()})
        return Manifest(self._name, root, tuple(images), ("<end>", *words), "built")


def with_boxes(manifest: Manifest) -> Manifest:
    """Return the manifest of the squares with the box of each, for models that learn from boxes."""
    images = [dataclasses.replace(image, box=_box(int(image.id))) for image in manifest.images]
    return dataclasses.replace(manifest, images=tuple(images))


def write_parts(manifest: Manifest) -> tuple[str, ...]:
    """Return the names of parts, after writing CUB's tables of them: two corners of each square, and a hidden one."""
    names = ("left corner", "right corner", "hidden")
    folder = manifest.root / "parts"
    folder.mkdir(exist_ok=True)
    rows = []
    for number, image in enumerate(manifest.images):
        x, y, width, height = _box(int(image.id))
        corners = ((x, y, 1), (x + width - 1, y + height - 1, 1), (0, 0, 0))
        rows += [f"{number} {part} {a}.0 {b}.0 {seen}\n" for part, (a, b, seen) in enumerate(corners)]
    (folder / "part_locs.txt").write_text("".join(rows))
    (folder / "parts.txt").write_text("".join(f"{part} {name}\n" for part, name in enumerate(names)))
    listed = (f"{number} {image.file}\n" for number, image in enumerate(manifest.images))
    (manifest.root / "images.txt").write_text("".join(listed))
    return names


def _box(index: int) -> tuple[int, int, int, int]:
    return (4 + index % 5, 4 + index % 7, 23, 23)


def _split(index: int) -> str:
    return "test" if index % _TEST_EVERY == 0 else "train"


def _write_codes(root: Path, count: int) -> None:
    """Write filenames.pickle and char-CNN-RNN-embeddings.pickle a split: two random codes an image."""
    for split in ("train", "test"):
        folder = root / split
        folder.mkdir(exist_ok=True)
        members = [index for index in range(count) if _split(index) == split]
        codes = [np.random.default_rng(index).normal(size=(2, CODE_DIMENSION)).astype("f4") for index in members]
        names = [f"{index:03}" for index in members]
        for name, content in (("filenames", names), ("char-CNN-RNN-embeddings", codes)):
            (folder / f"{name}.pickle").write_bytes(pickle.dumps(content, protocol=2))


def _look(index: int) -> tuple[str, str]:
    return list(COLOURS)[index % len(COLOURS)], list(GROUNDS)[index % len(GROUNDS)]
