"""The truth about an image, a line of truth.jsonl: what is in it, where, and in which colours."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from t2ibench_simulations.simbirds.appearance import Appearance
from t2ibench_simulations.simbirds.attributes import PARTS
from t2ibench_simulations.simbirds.drawing import Drawing
from t2ibench_simulations.simbirds.species import Species


def truth_of(
    image_id: int, key: str, species: Species, index: int, appearance: Appearance, drawing: Drawing
) -> dict[str, Any]:
    """Return the record of an image, ready for JSON.

    Keys: `id` (as in images.txt), `file` (the key, "<class>/<name>"), `species`, `class_id`, `index` (from 0 within the
    species), `split`, `held_out` (its wing and belly colours occur together in no training image), `attributes`
    (all words), `marks` (colours of wing marks, breast marks and head mark, null where there is none), `parts` (a
    part: colour, rgb before shading, centre [x, y] and visible area in pixels, the latter two null where it is hidden),
    `pose`, `background`, `seed`, `size` ([width, height]) and `box` ([x, y, width, height]), in pixels.
    """
    bird = appearance.attributes
    return {
        "id": image_id,
        "file": key,
        "species": species.name,
        "class_id": species.number,
        "index": index,
        "split": species.split,
        "held_out": species.held_out,
        "attributes": bird.as_dict(),
        "marks": {
            "wing": bird.wing_mark_colour if bird.wing_pattern != "plain" else None,
            "breast": bird.breast_mark_colour if bird.breast_pattern != "plain" else None,
            "head": bird.head_mark_colour if bird.head_mark != "none" else None,
        },
        "parts": {
            part: {
                "colour": bird.colour(part),
                "rgb": list(drawing.rgb[part]),
                "centre": list(drawing.centres[part]) if part in drawing.centres else None,
                "area": drawing.areas.get(part),
            }
            for part in PARTS
        },
        "pose": asdict(appearance.pose),
        "background": asdict(appearance.background),
        "seed": appearance.seed,
        "size": list(drawing.image.size),
        "box": list(drawing.box),
    }
