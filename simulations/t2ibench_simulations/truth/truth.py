"""What a probe's captions of simulated birds should look like: birds drawn to fit them, alike in all else."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from t2ibench.core.noise import seed_of
from t2ibench.studies.probes.questions import Question
from t2ibench_simulations.simbirds.appearance import Appearance, appearance_for
from t2ibench_simulations.simbirds.attributes import PLUMAGE, Attributes
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.simbirds.statements import Statement, statements_in, true_statements

_DRAWN_SIDE: Final = 96
"""Least side in pixels that birds are drawn with before the data pipeline's crop, as the data set's own images."""

_TRIES: Final = 200


def attributes_of(subject: str) -> tuple[str, ...]:
    """Return the attributes of a bird that a caption's subject is about, as in "head" -> ("crown", "head")."""
    if subject == "main":
        return PLUMAGE
    return {"head": ("crown", "head"), "face": ("head",)}.get(subject, (subject.replace(" ", "_"),))


def bird_like(caption: str, base: Attributes) -> Attributes | None:
    """Return `base` changed just so far that everything a caption states is true of it; None where nothing does.

    A main colour is laid on the whole plumage first, so that what is said of a part wins.
    """
    stated = statements_in(caption)
    changes: dict[str, Any] = {}
    for subject, word in sorted(stated, key=_order):
        for attribute in attributes_of(subject):
            changes[attribute] = word
    bird = dataclasses.replace(base, **changes)
    return bird if stated <= true_statements(bird) else None


def drawn_birds(question: Question, rows: int, seed: int, resolution: int) -> np.ndarray | None:
    """Return images that fit a question's captions, uint8 rows x wordings x 3 x R x R; None where none can.

    In a row everything but what the captions state is the same: the rest of the bird, its pose, its surroundings.

    Args:
        question: what is asked.
        rows: birds a wording.
        seed: of the probe.
        resolution: of the images, in pixels.
    """
    from t2ibench.data.batches.transforms import base_image, central_square
    from t2ibench_simulations.simbirds.drawing import draw_bird

    captions = [variant.text for variant in question.variants]
    images = np.empty((rows, len(captions), 3, resolution, resolution), dtype=np.uint8)
    for row in range(rows):
        appearances = _appearances(captions, seed_of("truth of a probe", seed, question.key, row))
        if appearances is None:
            return None
        for column, appearance in enumerate(appearances):
            drawing = draw_bird(appearance, max(_DRAWN_SIDE, min(2 * resolution, 256)))
            whole = central_square(base_image(drawing.image, drawing.box, resolution), resolution)
            images[row, column] = np.asarray(whole).transpose(2, 0, 1)
    return images


def _appearances(captions: Sequence[str], key: int) -> list[Appearance] | None:
    """Return an appearance a caption, of one bird and one place; the first bird on which all words can be told."""
    generator = random.Random(key)
    species = [one.attributes for one in all_species() if one.split == "train"]
    found: list[Attributes] | None = None
    for _ in range(_TRIES):
        base = generator.choice(species)
        birds = [bird_like(caption, base) for caption in captions]
        if any(bird is None for bird in birds):
            continue
        fitting = [bird for bird in birds if bird is not None]
        found = fitting
        # A bill of the colour of the face cannot be told from it.
        if all(bird.bill != bird.head for bird in fitting):
            break
    if found is None:
        return None
    while True:  # legs are tucked away in flight
        seed = generator.randrange(2**32)
        appearances = [dataclasses.replace(appearance_for(bird, seed), aspect=1.0) for bird in found]
        if all(one.pose.perch != "air" for one in appearances):
            break
    first = appearances[0]
    return [dataclasses.replace(one, pose=first.pose) for one in appearances]


def _order(statement: Statement) -> tuple[bool, Statement]:
    return statement[0] != "main", statement
