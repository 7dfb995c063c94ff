"""The side files of the data set, in COCO's form, and the truth beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from t2ibench.core.files import canonical_json
from t2ibench_simulations.simscenes.captions import CAPTIONS_PER_IMAGE
from t2ibench_simulations.simscenes.drawing import Seen
from t2ibench_simulations.simscenes.scene import Scene, Split
from t2ibench_simulations.simscenes.vocabulary import COLOURS, HELD_OUT, KINDS, NATURES

PARTS: Final[tuple[Split, ...]] = ("train", "val")
_MOST_THINGS: Final = 10
_CATEGORIES: Final = [
    {"id": number, "name": kind, "supercategory": NATURES[kind].supercategory}
    for number, kind in enumerate(KINDS, start=1)
]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What drawing an image has left behind, besides the JPEG.

    Attributes:
        scene: what it shows.
        seen: of every thing, in order.
        captions: its sentences.
        size: its side in pixels.
        digest: SHA-256 of the JPEG.
    """

    scene: Scene
    seen: list[Seen]
    captions: list[str]
    size: int
    digest: str


def file_of(scene: Scene) -> str:
    """Return an image's path below the root, as in "train2014/COCO_train2014_000000000001.jpg"."""
    return f"{scene.split}2014/COCO_{scene.split}2014_{scene.index + 1:012d}.jpg"


def side_files(rows: Sequence[Drawn]) -> Iterator[tuple[str, bytes]]:
    """Yield (path below the root, content) of every file but the images and simscenes.json, in a fixed order."""
    for part in PARTS:
        members = [row for row in rows if row.scene.split == part]
        images = [
            {
                "id": row.scene.index + 1,
                "file_name": file_of(row.scene).partition("/")[2],
                "width": row.size,
                "height": row.size,
                "license": 1,
            }
            for row in members
        ]
        common = {
            "info": {"description": "simscenes: scenes drawn by code", "version": "1", "year": 2014},
            "licenses": [{"id": 1, "name": "as t2ibench"}],
            "images": images,
        }
        captions = [
            {"image_id": row.scene.index + 1, "id": row.scene.index * CAPTIONS_PER_IMAGE + number, "caption": caption}
            for row in members
            for number, caption in enumerate(row.captions, start=1)
        ]
        yield f"annotations/captions_{part}2014.json", _json({**common, "annotations": captions})
        instances = [instance for row in members for instance in _instances(row)]
        content = {**common, "annotations": instances, "categories": _CATEGORIES}
        yield f"annotations/instances_{part}2014.json", _json(content)
    yield "truth.jsonl", "".join(f"{canonical_json(truth_of(row))}\n" for row in rows).encode()
    pairs = {
        "held_out": [[kind, colour] for kind in KINDS for colour in COLOURS if (kind, colour) in HELD_OUT],
        "trained": [[kind, colour] for kind in KINDS for colour in COLOURS if (kind, colour) not in HELD_OUT],
    }
    yield "compositions.json", _json(pairs)


def truth_of(row: Drawn) -> dict[str, Any]:
    """Return the record of an image, a line of truth.jsonl.

    Keys: `id` and `file` (as in COCO's files), `split` (train, val), `held_out` (it shows a kind in a colour that no
    training image shows it in), `place`, `groups` (kind, colour, count), `relations` ([group, relation, group], by
    their places in `groups`), `objects` (kind, colour, rgb before shading, group, box [x, y, width, height] and area of
    what can be seen, in pixels), `captions`, `size`, `seed`.
    """
    scene = row.scene
    objects = []
    for thing, seen in zip(scene.things, row.seen, strict=True):
        group = scene.groups[thing.group]
        objects.append({"kind": group.kind, "colour": group.colour, "group": thing.group, **asdict(seen)})
    return {
        "id": scene.index + 1,
        "file": file_of(scene),
        "split": scene.split,
        "held_out": scene.held_out,
        "place": scene.place,
        "groups": [asdict(group) for group in scene.groups],
        "relations": [list(relation) for relation in scene.relations],
        "objects": objects,
        "captions": row.captions,
        "size": row.size,
        "seed": scene.seed,
    }


def _instances(row: Drawn) -> Iterator[dict[str, Any]]:
    for number, (thing, seen) in enumerate(zip(row.scene.things, row.seen, strict=True), start=1):
        yield {
            "id": row.scene.index * _MOST_THINGS + number,
            "image_id": row.scene.index + 1,
            "category_id": KINDS.index(row.scene.groups[thing.group].kind) + 1,
            "bbox": list(seen.box),
            "area": seen.area,
            "iscrowd": 0,
        }


def _json(value: object) -> bytes:
    return f"{canonical_json(value)}\n".encode()
