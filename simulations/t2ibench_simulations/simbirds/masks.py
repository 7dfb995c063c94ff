"""Masks of the parts of every bird of a drawn data set, as images beside its own: where each part is seen.

    python -m t2ibench_simulations.simbirds.masks FOLDER

They are drawn anew from what the folder says it was drawn with, so that data sets made before have them too; they are
no part of the data set's identity.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import read_json
from t2ibench_simulations.simbirds.appearance import appearance_of
from t2ibench_simulations.simbirds.attributes import PARTS
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.make import VERSION, list_images

if TYPE_CHECKING:
    from PIL.Image import Image

MASKS: Final = "part_masks"
"""Folder of the masks in a drawn data set."""
_STEP: Final = 25
"""Between the greys that stand for neighbouring parts in the palette, for the eye."""


def write_masks(root: Path) -> Path:
    """Return the folder part_masks/ of a drawn data set, with <class>/<name>.png an image; those there are kept.

    A pixel is the place in PARTS of the part that is seen there plus 1, 0 for all else.

    Raises:
        UserError: the folder holds no simbirds of this version.
    """
    facts = read_json(root / "simbirds.json", what="the settings of drawn birds")
    if facts.get("version") != VERSION:
        raise UserError(f"{root} holds birds of version {facts.get('version')}; this draws version {VERSION}.")
    for image in list_images(facts["images"]):
        path = root / MASKS / f"{image.key}.png"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            drawn = draw_bird(appearance_of(image.species, image.index, facts["seed"]), facts["size"])
            coloured(drawn.parts).save(path)
    return root / MASKS


def coloured(parts: Image) -> Image:
    """Return a map of parts with a palette of greys; its numbers stay."""
    shown = parts.convert("L").copy()
    shown.putpalette([min(_STEP * (number // 3), 255) for number in range(3 * (len(PARTS) + 1))])
    return shown


if __name__ == "__main__":
    print(write_masks(Path(sys.argv[1])))
