"""Writes simbirds: the tree of AttnGAN's data/birds with CUB inside, and the truth beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench_simulations.drawn_folder import (
    check_request,
    digest_of_bytes,
    draw_all,
    jpeg_of,
    make_folder,
    write_files,
)
from t2ibench_simulations.simbirds.appearance import appearance_of
from t2ibench_simulations.simbirds.captions import captions_for
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.layout import Drawn, DrawnImage, side_files
from t2ibench_simulations.simbirds.species import TRAIN_SPECIES, species_table, spread_species
from t2ibench_simulations.simbirds.truth import truth_of

VERSION = 1
"""Counts changes of what is drawn or written; data sets of different versions are different data sets."""


def make_simbirds(
    root: Path,
    images: int = 11788,
    size: int = 256,
    seed: int = 0,
    processes: int | None = None,
    species: int = TRAIN_SPECIES,
) -> Mapping[str, Any]:
    """Write the data set into `root` unless it is there already, and return its summary (simbirds.json).

    The folder appears complete or not at all: it is built beside `root` under another name and renamed at the end. A
    image depends on (seed, species, index, size) alone, so more images, another order or more processes never change
    it.

    Args:
        root: the folder to make; missing or empty.
        images: number of images, 8 or more, spread evenly over up to 200 species (two or more images each), three
            training species for each test species.
        size: shorter side in pixels, 32..256.
        seed: what images are drawn from. The species are the same for every seed.
        processes: how many draw at a time; None takes the number of cores, at most 8, and one for small data sets.
        species: how many training species there are, 150 or more; the 50 to test on stay the same.

    Raises:
        UserError: the request makes no sense, the folder holds something else, or it cannot be written.
        RunFailedError: drawing or writing failed midway.
    """
    if species < TRAIN_SPECIES:
        raise UserError(f"simbirds has {TRAIN_SPECIES} training species or more, not {species}.")
    check_request("simbirds", images, size, processes)
    request = {"version": VERSION, "images": images, "size": size, "seed": seed}
    if species != TRAIN_SPECIES:
        request["species"] = species

    def write(folder: Path) -> dict[str, Any]:
        return _write(folder, request, processes)

    return make_folder("simbirds", Path(root), request, write)


def list_images(images: int, species: int = TRAIN_SPECIES) -> list[DrawnImage]:
    """Return the rows of images.txt: `images` images spread evenly over the species, two or more of each."""
    table = species_table(species)
    chosen = spread_species(min(len(table), images // 2), table)
    shares = [images * (k + 1) // len(chosen) - images * k // len(chosen) for k in range(len(chosen))]
    pairs = [(bird, index) for bird, share in zip(chosen, shares, strict=True) for index in range(share)]
    return [DrawnImage(number, bird, index) for number, (bird, index) in enumerate(pairs, start=1)]


def _write(folder: Path, request: dict[str, int], processes: int | None) -> dict[str, Any]:
    images = list_images(request["images"], request.get("species", TRAIN_SPECIES))
    for name in sorted({image.species.name for image in images}):
        (folder / "CUB_200_2011" / "images" / name).mkdir(parents=True)
        (folder / "text" / name).mkdir(parents=True)
    draw = partial(_draw_one, folder, request["size"], request["seed"])
    rows = draw_all("simbirds", draw, images, processes=processes)
    digests = {f"CUB_200_2011/images/{row.image.key}.jpg": row.digest for row in rows}
    digests |= write_files(folder, side_files(rows, species_table(request.get("species", TRAIN_SPECIES))))
    species = {image.species for image in images}
    train_images = sum(image.species.split == "train" for image in images)
    train_classes = sum(bird.split == "train" for bird in species)
    return {
        **request,
        "train_images": train_images,
        "test_images": len(images) - train_images,
        "classes": len(species),
        "train_classes": train_classes,
        "test_classes": len(species) - train_classes,
        "digest": digest_of(digests),
    }


def _draw_one(folder: Path, size: int, seed: int, image: DrawnImage) -> Drawn:
    appearance = appearance_of(image.species, image.index, seed)
    drawing = draw_bird(appearance, size)
    content = jpeg_of(drawing.image)
    (folder / "CUB_200_2011" / "images" / f"{image.key}.jpg").write_bytes(content)
    truth: dict[str, Any] = truth_of(image.id, image.key, image.species, image.index, appearance, drawing)
    return Drawn(image, captions_for(appearance), truth, digest_of_bytes(content))
