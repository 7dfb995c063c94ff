"""Writes simscenes: COCO's tree of 2014, and the truth beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from t2ibench.core.files import digest_of
from t2ibench_simulations.drawn_folder import (
    check_request,
    digest_of_bytes,
    draw_all,
    jpeg_of,
    make_folder,
    write_files,
)
from t2ibench_simulations.simscenes.captions import captions_for
from t2ibench_simulations.simscenes.drawing import draw_scene
from t2ibench_simulations.simscenes.layout import PARTS, Drawn, file_of, side_files
from t2ibench_simulations.simscenes.scene import scene_of

VERSION: Final = 1
"""Counts changes of what is drawn or written; data sets of different versions are different data sets."""


def make_simscenes(
    root: Path,
    images: int = 2000,
    size: int = 96,
    seed: int = 0,
    processes: int | None = None,
) -> Mapping[str, Any]:
    """Write the data set into `root` unless it is there already, and return its summary (simscenes.json).

    The folder appears complete or not at all. An image depends on (seed, index, size) alone, so more images or more
    processes never change it.

    Args:
        root: the folder to make; missing or empty.
        images: number of images, 8 or more; every fourth is of the val split.
        size: side in pixels, 32..256.
        seed: what images are drawn from. The held-out pairs are the same for every seed.
        processes: how many draw at a time; None takes the number of cores, at most 8, and one for small data sets.

    Raises:
        UserError: the request makes no sense, the folder holds something else, or it cannot be written.
        RunFailedError: a process that draws died.
    """
    check_request("simscenes", images, size, processes)
    wanted = {"version": VERSION, "images": images, "size": size, "seed": seed}

    def write(folder: Path) -> dict[str, Any]:
        for part in PARTS:
            (folder / f"{part}2014").mkdir()
        draw = partial(_draw_one, folder, size, seed)
        rows = draw_all("simscenes", draw, range(images), processes=processes)
        digests = {file_of(row.scene): row.digest for row in rows}
        digests |= write_files(folder, side_files(rows))
        train = sum(row.scene.split == "train" for row in rows)
        counts = {"train_images": train, "val_images": images - train}
        return {**wanted, **counts, "digest": digest_of(digests)}

    return make_folder("simscenes", Path(root), wanted, write)


def _draw_one(folder: Path, size: int, seed: int, index: int) -> Drawn:
    scene = scene_of(index, seed)
    image, seen = draw_scene(scene, size)
    content = jpeg_of(image)
    (folder / file_of(scene)).write_bytes(content)
    return Drawn(scene, seen, captions_for(scene), size, digest_of_bytes(content))
