"""Scenes of the data set drawn again with one thing wrong: the numbers of objects, or where they are."""

from __future__ import annotations

import dataclasses
import io
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from t2ibench.core.files import read_json
from t2ibench.core.noise import seed_of
from t2ibench_simulations.simscenes.scene import Group, Scene, laid_out, scene_of
from t2ibench_simulations.simscenes.vocabulary import Relation

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.data.manifest import Manifest

Alteration = Literal["counts", "positions"]

_ROOM: Final = ((1, 2), (2, 1), (3, 1), (1, 1), (2, 2))
"""Numbers of the two groups of a scene that is laid out from left to right."""


def altered(scene: Scene, what: Alteration) -> Scene:
    """Return a scene with its numbers or its positions wrong, kinds, colours and the place kept.

    "counts": every number is another one, of those that the data set draws; scenes of three kinds, or of one above, on
    or beside another, have one of each by their layout and stay as they are. "positions": what was left is right; what
    was above or on something stands left or right of it. Scenes of one kind stay as they are.
    """
    generator = random.Random(seed_of("altered scene", what, scene.seed))
    first = scene.relations[0][1] if scene.relations else ""
    if what == "counts":
        if len(scene.groups) > 2 or (len(scene.groups) == 2 and first != "left of"):
            return scene
        numbers = [group.count for group in scene.groups]
        free = [(count,) for count in range(1, 5)] if len(numbers) == 1 else _ROOM
        fitting = [one for one in free if all(new != old for new, old in zip(one, numbers, strict=True))]
        if not fitting:  # a three and a one: one of the two is as it was
            fitting = [one for one in free if one != tuple(numbers)]
        groups = _counted(scene.groups, generator.choice(fitting))
        plan: Literal["alone", "left of"] = "alone" if len(groups) == 1 else "left of"
        return laid_out(plan, scene.place, groups, generator, index=scene.index, seed=scene.seed)
    if len(scene.groups) == 1:
        return scene
    if first in ("above", "on"):
        order = generator.sample(scene.groups, 2)
        return laid_out("left of", scene.place, tuple(order), generator, index=scene.index, seed=scene.seed)
    things = tuple(dataclasses.replace(thing, x=1 - thing.x) for thing in scene.things)
    mirrored: list[tuple[int, Relation, int]] = [
        (two, relation, one) for one, relation, two in scene.relations if relation == "left of"
    ]
    return dataclasses.replace(scene, things=things, relations=tuple(mirrored))


def altered_images(manifest: Manifest, image_ids: Sequence[str], what: Alteration, resolution: int) -> Tensor:
    """Return the images drawn again with `what` wrong, uint8 N x 3 x R x R, cut and compressed as the data set's own.

    Raises:
        UserError: simscenes.json is missing from the data set's folder.
    """
    import torch
    from PIL import Image

    from t2ibench.data.batches.transforms import base_image
    from t2ibench_simulations.drawn_folder import jpeg_of
    from t2ibench_simulations.simscenes.drawing import draw_scene

    drawn = read_json(manifest.root / "simscenes.json", what="the settings of drawn scenes")
    rows = []
    for image_id in image_ids:
        scene = scene_of(int(image_id.rpartition("_")[2]) - 1, drawn["seed"])
        image, _ = draw_scene(altered(scene, what), drawn["size"])
        opened = Image.open(io.BytesIO(jpeg_of(image))).convert("RGB")
        rows.append(np.asarray(base_image(opened, None, resolution, whole=True)))
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).contiguous()


def _counted(groups: tuple[Group, ...], numbers: Sequence[int]) -> tuple[Group, ...]:
    return tuple(dataclasses.replace(group, count=number) for group, number in zip(groups, numbers, strict=True))
