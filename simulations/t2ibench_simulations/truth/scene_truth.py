"""What a probe's captions of simulated scenes should look like: scenes drawn to fit them, alike in all else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import numpy as np

from t2ibench.core.noise import seed_of
from t2ibench.studies.probes.questions import Question
from t2ibench_simulations.simscenes.scene import Group, Plan, Scene, laid_out
from t2ibench_simulations.simscenes.statements import Statements, is_true, statements_in
from t2ibench_simulations.simscenes.vocabulary import COLOURS, KINDS, NATURES, PLACES, Kind

_DRAWN_SIDE: Final = 96
"""Least side in pixels that scenes are drawn with before they are made smaller, as the data set's own images."""
_PLANS: Final[dict[int, Plan]] = {1: "alone", 2: "left of", 3: "three"}
"""Number of kinds that no relation is stated of -> how they are laid out."""


def drawn_scenes(question: Question, rows: int, seed: int, resolution: int) -> np.ndarray | None:
    """Return images that fit a question's captions, uint8 rows x wordings x 3 x R x R; None where none can.

    In a row everything but what the captions state is the same: the layout, the place, colours that are not stated.

    Args:
        question: what is asked.
        rows: scenes a wording.
        seed: of the probe.
        resolution: of the images, in pixels.
    """
    from t2ibench.data.batches.transforms import base_image
    from t2ibench_simulations.drawn_folder import LARGEST
    from t2ibench_simulations.simscenes.drawing import draw_scene

    stated = [statements_in(variant.text) for variant in question.variants]
    images = np.empty((rows, len(stated), 3, resolution, resolution), dtype=np.uint8)
    for row in range(rows):
        key = seed_of("truth of a probe", seed, question.key, row)
        for column, one in enumerate(stated):
            scene = scene_like(one, key)
            if scene is None:
                return None
            drawing, _ = draw_scene(scene, max(_DRAWN_SIDE, min(2 * resolution, LARGEST)))
            images[row, column] = np.asarray(base_image(drawing, None, resolution, whole=True)).transpose(2, 0, 1)
    return images


def scene_like(stated: Statements, key: int) -> Scene | None:
    """Return a scene of which all is true that a caption states, and which shows nothing else; None where none is.

    Args:
        stated: what a caption says.
        key: of all that it leaves open; with one key, captions that differ in a word differ in what it says.
    """
    # Drawn whether or not they are asked for, so that a word more or less leaves the rest as it is.
    generator = random.Random(key)
    place, colours = generator.choice(PLACES), {kind: generator.choice(COLOURS) for kind in KINDS}
    order, layout = generator.random() < 0.5, generator.getrandbits(32)
    kinds: list[Kind] = list(stated.groups)
    if order and not stated.relations:
        kinds.reverse()
    relation = next(iter(sorted(stated.relations)), None)
    if relation is not None:
        kinds = [relation[0], relation[2], *(kind for kind in kinds if kind not in relation)]
    if not kinds or len(kinds) > max(_PLANS) or not _fits(relation, kinds, stated):
        return None
    plan = relation[1] if relation is not None and len(kinds) == 2 else _PLANS[len(kinds)]
    groups = tuple(Group(kind, stated.groups[kind][1] or colours[kind], stated.groups[kind][0]) for kind in kinds)
    scene = laid_out(plan, stated.place or place, groups, random.Random(layout), index=0, seed=key)
    return scene if is_true(stated, scene) else None


def _fits(relation: tuple[str, ...] | None, kinds: Sequence[Kind], stated: Statements) -> bool:
    """Return whether layouts have room for so many objects, and a place for them."""
    if any(kind not in stated.groups for kind in kinds):
        return False
    many = [stated.groups[kind][0] for kind in kinds]
    one_each = len(kinds) == max(_PLANS) or (relation is not None and relation[1] != "left of")
    if one_each and max(many) > 1:
        return False
    return relation is None or relation[1] != "on" or not NATURES[kinds[0]].flies
