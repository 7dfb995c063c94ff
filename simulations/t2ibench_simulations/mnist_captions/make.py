"""Writes the data set: a PNG a scene, captions.jsonl with their sentences and truth, and what was held out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from t2ibench.core.errors import UserError
from t2ibench.core.files import canonical_json, read_json, write_text
from t2ibench_simulations.drawn_folder import make_folder
from t2ibench_simulations.mnist_captions.digits import open_pool
from t2ibench_simulations.mnist_captions.scenes import SLOTS, choose_bans, draw_scene, paint

VERSION: Final = 1
"""Counts changes of what is drawn or written."""

SUMMARY: Final = "mnist-captions.json"
CAPTIONS: Final = "captions.jsonl"
FEWEST_IMAGES: Final = 24
_TEST_SHARE: Final = 12
"""Every so manieth image is of the test split, and as many are held out."""


@dataclass(frozen=True)
class Drawing:
    """What a data set on the disk is.

    Attributes:
        settings: version, images, seed and digits.
        bans: the digit held out in each role; see `scenes.is_held_out`.
    """

    settings: Mapping[str, Any]
    bans: tuple[int, ...]


def counts_of(images: int) -> dict[str, int]:
    """Return split -> images.

    "test" holds combinations as in training with other digits, "held-out" those that training never shows.
    """
    share = images // _TEST_SHARE
    return {"train": images - 2 * share, "test": share, "held-out": share}


def make_mnist_captions(root: Path, settings: Mapping[str, Any], *, mnist: Path | None = None) -> Mapping[str, Any]:
    """Write the data set into `root` unless just this is there already; return its summary.

    Args:
        root: the folder: missing, empty, or with an earlier drawing.
        settings: version, images, seed and digits.
        mnist: folder of MNIST's files, for digits = "mnist".

    Raises:
        UserError: too few images, the folder holds something else, digits are not to be had, the disk is full.
    """
    if settings["images"] < FEWEST_IMAGES:
        raise UserError(f"mnist-captions needs {FEWEST_IMAGES} images or more, not {settings['images']}.")

    def write(folder: Path) -> dict[str, Any]:
        bans = choose_bans(settings["seed"])
        _write(folder, settings, bans, mnist)
        return {**settings, "held_out": list(bans)}

    return make_folder("mnist-captions", root, settings, write)


def read_drawing(root: Path) -> Drawing:
    """Return what lies in a folder.

    Raises:
        UserError: its summary is damaged.
    """
    content = read_json(root / SUMMARY, what="the summary of drawn scenes")
    bans = content.pop("held_out", None) if isinstance(content, dict) else None
    if not isinstance(bans, list) or len(bans) != SLOTS or set(content) != {"version", "images", "seed", "digits"}:
        raise UserError(f"{root / SUMMARY} is damaged. Delete {root} and ask again.")
    return Drawing(content, tuple(bans))


def _write(folder: Path, settings: Mapping[str, Any], bans: tuple[int, ...], mnist: Path | None) -> None:
    from PIL import Image

    lines = []
    with tqdm(total=settings["images"], desc="drawing scenes", file=sys.stderr, disable=None) as bar:
        for split, count in counts_of(settings["images"]).items():
            pool = open_pool(settings["digits"], "train" if split == "train" else "test", mnist)
            held_out = split == "held-out"
            (folder / split).mkdir()
            for index in range(count):
                scene = draw_scene(
                    pool.labels, bans, held_out=held_out, seed=settings["seed"], split=split, index=index
                )
                name = f"{split}/{index:06d}.png"
                pixels = paint(scene, [pool.image(one) for one in scene.digits])
                Image.fromarray(pixels).save(folder / name)
                truth = {
                    "file": name,
                    "split": split,
                    "captions": [scene.caption],
                    "template": scene.template,
                    "digits": list(scene.labels),
                    "corners": [list(corner) for corner in scene.corners],
                    "content": scene.content,
                }
                lines.append(canonical_json(truth))
                bar.update()
    write_text(folder / CAPTIONS, "".join(f"{line}\n" for line in lines))
