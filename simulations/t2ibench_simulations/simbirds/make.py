"""Writes simbirds: the tree of AttnGAN's data/birds with CUB inside, and the truth beside it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench_simulations.drawn_folder import draw_all, make_folder
from t2ibench_simulations.simbirds.appearance import appearance_of
from t2ibench_simulations.simbirds.captions import captions_for
from t2ibench_simulations.simbirds.drawing import LARGEST, SMALLEST, draw_bird
from t2ibench_simulations.simbirds.layout import Drawn, DrawnImage, side_files
from t2ibench_simulations.simbirds.species import TRAIN_SPECIES, species_table, spread_species
from t2ibench_simulations.simbirds.truth import truth_of

VERSION = 1
"""Counts changes of what is drawn or written; data sets of different versions are different data sets."""

FEWEST_IMAGES = 8


@dataclass(frozen=True, slots=True)
class SimbirdsSummary:
    """What lies on the disk.

    Attributes:
        root: the folder.
        version: VERSION when it was made.
        images: number of images; `train_images` and `test_images` of each split.
        classes: number of species; `train_classes` and `test_classes` of each split.
        size: shorter side of the images in pixels.
        seed: what images were drawn from.
        digest: SHA-256 over the names and contents of all files.
        created: whether this call made it (False: it was there already).
    """

    root: Path
    version: int
    images: int
    train_images: int
    test_images: int
    classes: int
    train_classes: int
    test_classes: int
    size: int
    seed: int
    digest: str
    created: bool


def make_simbirds(
    root: Path,
    images: int = 11788,
    size: int = 256,
    seed: int = 0,
    processes: int | None = None,
    progress: bool = True,
    species: int = TRAIN_SPECIES,
) -> SimbirdsSummary:
    """Write the data set into `root` unless it is there already, and return what is there.

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
        progress: whether to show a bar on the standard error stream.
        species: how many training species there are, 150 or more; the 50 to test on stay the same.

    Raises:
        UserError: the request makes no sense, the folder holds something else, or it cannot be written.
        RunFailedError: drawing or writing failed midway.
    """
    _check_request(images, size, processes, species)
    root = Path(root).absolute()
    request = {"version": VERSION, "images": images, "size": size, "seed": seed}
    if species != TRAIN_SPECIES:
        request["species"] = species

    def write(folder: Path) -> dict[str, Any]:
        return _write(folder, request, processes, progress)

    summary, created = make_folder("simbirds", root, request, write)
    expected = {field.name for field in fields(SimbirdsSummary)} - {"root", "created"}
    summary = {key: value for key, value in summary.items() if key != "species"}
    if set(summary) != expected:
        raise UserError(f"{root / 'simbirds.json'} is damaged. Delete {root} and ask again.")
    return SimbirdsSummary(**summary, root=root, created=created)


def list_images(images: int, species: int = TRAIN_SPECIES) -> list[DrawnImage]:
    """Return the rows of images.txt: `images` images spread evenly over the species, two or more of each."""
    table = species_table(species)
    chosen = spread_species(min(len(table), images // 2), table)
    shares = [images * (k + 1) // len(chosen) - images * k // len(chosen) for k in range(len(chosen))]
    pairs = [(bird, index) for bird, share in zip(chosen, shares, strict=True) for index in range(share)]
    return [DrawnImage(number, bird, index) for number, (bird, index) in enumerate(pairs, start=1)]


def _check_request(images: int, size: int, processes: int | None, species: int) -> None:
    if species < TRAIN_SPECIES:
        raise UserError(f"simbirds has {TRAIN_SPECIES} training species or more, not {species}.")
    if images < FEWEST_IMAGES:
        raise UserError(f"simbirds needs {FEWEST_IMAGES} images or more (two of each of four species), not {images}.")
    if not SMALLEST <= size <= LARGEST:
        raise UserError(f"simbirds can be drawn at {SMALLEST} to {LARGEST} pixels, not at {size}; choose such a size.")
    if processes is not None and processes < 1:
        raise UserError(f"simbirds cannot be drawn by {processes} processes; give 1 or more, or leave it out.")


def _write(folder: Path, request: dict[str, int], processes: int | None, progress: bool) -> dict[str, Any]:
    images = list_images(request["images"], request.get("species", TRAIN_SPECIES))
    for name in sorted({image.species.name for image in images}):
        (folder / "CUB_200_2011" / "images" / name).mkdir(parents=True)
        (folder / "text" / name).mkdir(parents=True)
    draw = partial(_draw_one, folder, request["size"], request["seed"])
    rows = draw_all("simbirds", draw, images, processes=processes, progress=progress)
    digests = {f"CUB_200_2011/images/{row.image.key}.jpg": row.digest for row in rows}
    for name, content in side_files(rows, species_table(request.get("species", TRAIN_SPECIES))):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        digests[name] = hashlib.sha256(content).hexdigest()
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
    buffer = io.BytesIO()
    drawing.image.save(buffer, "JPEG", quality=95, subsampling=0)
    (folder / "CUB_200_2011" / "images" / f"{image.key}.jpg").write_bytes(buffer.getvalue())
    truth: dict[str, Any] = truth_of(image.id, image.key, image.species, image.index, appearance, drawing)
    return Drawn(image, captions_for(appearance), truth, hashlib.sha256(buffer.getvalue()).hexdigest())
