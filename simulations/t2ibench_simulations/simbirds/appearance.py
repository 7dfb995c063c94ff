"""Everything an image is made of: the bird in words, its pose and its surroundings. Drawn from a key, not a stream."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, get_args

from t2ibench.core.noise import seed_of
from t2ibench_simulations.simbirds.attributes import Attributes
from t2ibench_simulations.simbirds.species import Species

Scenery = Literal["sky", "dusk", "foliage", "meadow", "sand", "water", "snow"]
Perch = Literal["branch", "ground", "air"]

SCENERIES: tuple[Scenery, ...] = get_args(Scenery)
# Scenes with a ground to stand on; in the others a bird sits on a branch.
GROUNDS: tuple[Scenery, ...] = ("meadow", "sand", "water", "snow")
_FLYING_SHARE = 0.08
_WIDE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Pose:
    """How the bird is seen.

    Attributes:
        facing: where the bill points.
        perch: what it is on; "air" means it flies with raised wings and its legs are tucked away.
        tilt: degrees added to the usual slant of the body, front end up.
        head_raise: how far the head is stretched (positive) or drawn in, in head radii.
        head_turn: 0 is the full side view; 1 has turned towards the viewer, with a shorter bill.
        tail_angle: degrees added to the direction of the tail, up.
        scale: longer side of the bird's box against the shorter side of the image.
        centre: (x, y) of the middle of the bird's box against the image's width and height.
    """

    facing: Literal["left", "right"]
    perch: Perch
    tilt: float
    head_raise: float
    head_turn: float
    tail_angle: float
    scale: float
    centre: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Background:
    """What is behind the bird.

    Attributes:
        scenery: the kind of place.
        horizon: height of the horizon against the image's height, from the top (only where there is a ground).
        seed: of everything else in it: tints, clouds, blots of leaves.
    """

    scenery: Scenery
    horizon: float
    seed: int


@dataclass(frozen=True, slots=True)
class Appearance:
    """One image, fully said.

    Attributes:
        attributes: the bird in words.
        pose: how it is seen.
        background: what is behind it.
        aspect: width over height of the image, 1 or 4/3.
        seed: of the small things: shifts of colour, places of spots, shape of the branch.
    """

    attributes: Attributes
    pose: Pose
    background: Background
    aspect: float
    seed: int


def appearance_of(species: Species, index: int, seed: int = 0) -> Appearance:
    """Return the `index`-th image (from 0) of a species; it depends on (seed, species, index) alone."""
    return appearance_for(species.attributes, seed_of("simbirds", seed, species.name, index))


def appearance_for(attributes: Attributes, seed: int = 0) -> Appearance:
    """Return an image of a bird with these attributes; pose and surroundings depend on `seed` alone.

    So birds that differ in one attribute but share the seed differ in that attribute and in nothing else.
    """
    generator = random.Random(seed)

    def between(low: float, high: float) -> float:
        return low + (high - low) * generator.random()

    flying = generator.random() < _FLYING_SHARE
    scenery = SCENERIES[int(generator.random() * len(SCENERIES))]
    # Long legs are made for wading; the small ones prefer a twig.
    on_ground = generator.random() < (0.95 if attributes.size == "large" else 0.65)
    if flying:
        perch: Perch = "air"
    else:
        perch = "ground" if on_ground and scenery in GROUNDS else "branch"
    wide = generator.random() < _WIDE_SHARE
    pose = Pose(
        facing="right" if generator.random() < 0.5 else "left",
        perch=perch,
        tilt=between(-7, 9),
        head_raise=between(-0.12, 0.30),
        head_turn=max(0.0, between(-0.8, 1.0)),
        tail_angle=between(-10, 12),
        scale=between(0.57, 0.66),
        centre=(between(0.44, 0.56) if wide else between(0.475, 0.525), between(0.475, 0.525)),
    )
    background = Background(scenery, between(0.46, 0.68), int(generator.random() * 2**32))
    return Appearance(attributes, pose, background, 4 / 3 if wide else 1.0, int(generator.random() * 2**32))
