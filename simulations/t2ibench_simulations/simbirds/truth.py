"""The truth about an image, a line of truth.jsonl: what is in it, where, and in which colours.

    python -m t2ibench_simulations.simbirds.truth FOLDER

writes where the parts are as CUB's tables of parts, for models that learn from keypoints; they are no part of the data
set's identity.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from t2ibench.core.files import write_bytes
from t2ibench.core.reading.text import read_text, text_lines
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


def write_part_tables(root: Path) -> Path:
    """Return the folder CUB_200_2011/parts/ of a drawn data set, written from its truth.jsonl in CUB's form.

    Raises:
        UserError: the folder holds no simbirds.
    """
    folder = root / "CUB_200_2011" / "parts"
    truth = read_text(root / "truth.jsonl", what="the truth about drawn birds")
    rows = []
    for image in (json.loads(line) for _, line in text_lines(truth)):
        for number, part in enumerate(PARTS, start=1):
            centre = image["parts"][part]["centre"]
            x, y = centre or (0, 0)
            rows.append(f"{image['id']} {number} {x:.1f} {y:.1f} {int(centre is not None)}\n")
    write_bytes(folder / "parts.txt", "".join(f"{place} {part}\n" for place, part in enumerate(PARTS, 1)).encode())
    write_bytes(folder / "part_locs.txt", "".join(rows).encode())
    return folder


if __name__ == "__main__":
    print(write_part_tables(Path(sys.argv[1])))
