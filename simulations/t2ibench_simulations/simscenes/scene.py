"""Which objects an image shows and where, from (seed, index), laid out so that what captions say is plain to see."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from t2ibench.core.noise import seed_of
from t2ibench_simulations.simscenes.vocabulary import (
    COLOURS,
    HELD_OUT,
    KINDS,
    MOST_OBJECTS,
    NATURES,
    PLACES,
    Colour,
    Kind,
    Place,
    Relation,
    indoors,
)

Split = Literal["train", "val"]
TEST_EVERY: Final = 4
"""Every fourth image is of the val split."""
HORIZONS: Final[dict[Place, float]] = {"meadow": 0.56, "beach": 0.54, "snow": 0.55, "street": 0.57, "room": 0.66}
Plan = Literal["left of", "above", "on", "beside", "alone", "three"]
_PLANS: Final[dict[Plan, int]] = {"alone": 5, "left of": 4, "beside": 3, "above": 3, "on": 3, "three": 2}


@dataclass(frozen=True, slots=True)
class Group:
    """All objects of a kind in an image: equal colour, 1 to 4 of them."""

    kind: Kind
    colour: Colour
    count: int


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: middle `x` and foot `y` from the upper left, and size, in sides of the image."""

    group: int
    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """Its left end."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        """Its right end."""
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        """Its upper end, from above."""
        return self.y - self.height


@dataclass(frozen=True, slots=True)
class Scene:
    """What an image shows.

    Attributes:
        index: of the image, from 0.
        place: what is behind and below.
        groups: of different kinds, one to three.
        things: every object, to be drawn in this order.
        relations: (group, relation, group), those that hold and may be spoken of.
        seed: of the place's details and the shades of colours.
    """

    index: int
    place: Place
    groups: tuple[Group, ...]
    things: tuple[Thing, ...]
    relations: tuple[tuple[int, Relation, int], ...]
    seed: int

    @property
    def split(self) -> Split:
        """The split it belongs to."""
        return split_of(self.index)

    @property
    def held_out(self) -> bool:
        """Whether it shows a kind in a colour that no training image shows it in."""
        return any((group.kind, group.colour) in HELD_OUT for group in self.groups)


def split_of(index: int) -> Split:
    """Return the split of an image."""
    return "val" if index % TEST_EVERY == TEST_EVERY - 1 else "train"


def scene_of(index: int, seed: int) -> Scene:
    """Return the scene of an image; every second val image shows a held-out pair, no train image does."""
    own = seed_of("simscenes", seed, index)
    generator = random.Random(own)
    plan = generator.choices(list(_PLANS), list(_PLANS.values()))[0]
    place = generator.choice(PLACES)
    kinds = _kinds(plan, place, generator)
    unseen = split_of(index) == "val" and (index // TEST_EVERY) % 2 == 1
    colours = _colours(kinds, unseen, generator)
    counts = _counts(plan, generator)
    groups = tuple(Group(*group) for group in zip(kinds, colours, counts, strict=True))
    return laid_out(plan, place, groups, generator, index=index, seed=own)


def laid_out(
    plan: Plan, place: Place, groups: tuple[Group, ...], generator: random.Random, *, index: int, seed: int
) -> Scene:
    """Return the scene of some groups, laid out by a plan.

    Args:
        plan: "alone" wants one group, "three" three, the others two; of "beside", "above" and "on" each has one object.
        place: what is behind and below.
        groups: the first is left of, above, on or beside the second.
        generator: of the layout.
        index: of the image.
        seed: of the place's details and the shades of colours.
    """
    things = _PLACED[plan](groups, HORIZONS[place], generator)
    return Scene(index, place, groups, tuple(things), _relations(plan, groups, things), seed)


def _kinds(plan: Plan, place: Place, generator: random.Random) -> list[Kind]:
    fitting = [kind for kind in KINDS if place != "room" or indoors(kind)]
    if plan == "alone":
        return [generator.choice(fitting)]
    if plan == "three":
        return generator.sample([kind for kind in fitting if not NATURES[kind].flies], 3)
    if plan == "above":
        upper = [kind for kind in fitting if NATURES[kind].flies]
        lower = [kind for kind in fitting if not NATURES[kind].flies]
        return [generator.choice(upper), generator.choice(lower)]
    if plan == "on":
        support = generator.choice([kind for kind in fitting if NATURES[kind].carries])
        return [generator.choice([kind for kind in fitting if NATURES[kind].climbs and kind != support]), support]
    grounded = [kind for kind in fitting if not NATURES[kind].flies]
    return generator.sample(grounded if plan == "beside" else fitting, 2)


def _colours(kinds: list[Kind], unseen: bool, generator: random.Random) -> list[Colour]:
    """Return a colour for each kind, mostly different ones; with a held-out pair exactly if `unseen`."""
    first = generator.randrange(len(kinds)) if unseen else -1
    found: list[Colour] = []
    for place, kind in enumerate(kinds):
        held = [colour for colour in COLOURS if (kind, colour) in HELD_OUT]
        free = [colour for colour in COLOURS if colour not in held]
        new = [colour for colour in free if colour not in found]
        found.append(generator.choice(held if place == first else free if generator.random() < 0.12 else new))
    return found


def _counts(plan: Plan, generator: random.Random) -> list[int]:
    if plan == "alone":
        return [generator.choice((1, 1, 2, 3, 4))]
    if plan == "left of":
        first = generator.choice((1, 1, 1, 2, 3))
        return [first, generator.choice((1, 1, 2)) if first < 3 else 1]
    return [1] * (3 if plan == "three" else 2)


def _row(
    members: list[int], groups: tuple[Group, ...], low: float, high: float, horizon: float, generator: random.Random
) -> list[Thing]:
    """Return the objects side by side between two places, each in a slot as wide as its kind asks for."""
    natures = [NATURES[groups[member].kind] for member in members]
    scale = min(1.15, (high - low) * 0.90 / sum(nature.width for nature in natures))
    spare = (high - low - scale * sum(nature.width for nature in natures)) / len(members)
    ground = generator.uniform(max(horizon + 0.16, 0.78), 0.92)
    things, x = [], low
    for member, nature in zip(members, natures, strict=True):
        size = scale * generator.uniform(0.92, 1.0)
        width, height = nature.width * size, nature.height * size
        middle = x + (spare + scale * nature.width) / 2 + generator.uniform(-0.3, 0.3) * spare
        x += spare + scale * nature.width
        if nature.flies:
            foot = generator.uniform(height + 0.05, max(height + 0.06, min(0.72, height + 0.3)))
        else:
            foot = ground + generator.uniform(-0.025, 0.025)
        things.append(Thing(member, middle, foot, width, height))
    return things


def _alone(groups: tuple[Group, ...], horizon: float, generator: random.Random) -> list[Thing]:
    count = groups[0].count
    low = {1: 0.18, 2: 0.08}.get(count, 0.03)
    return _row([0] * count, groups, low, 1 - low, horizon, generator)


def _left_of(groups: tuple[Group, ...], horizon: float, generator: random.Random) -> list[Thing]:
    first, second = (group.count * NATURES[group.kind].width for group in groups)
    share = min(0.66, max(0.34, first / (first + second)))
    border = 0.03 + 0.94 * share
    left = _row([0] * groups[0].count, groups, 0.03, border - 0.025, horizon, generator)
    return left + _row([1] * groups[1].count, groups, border + 0.025, 0.97, horizon, generator)


def _beside(groups: tuple[Group, ...], horizon: float, generator: random.Random) -> list[Thing]:
    order = generator.sample([0, 1], 2)
    natures = [NATURES[groups[member].kind] for member in order]
    scale = min(1.15, 0.86 / sum(nature.width for nature in natures)) * generator.uniform(0.94, 1.0)
    gap = generator.uniform(0.02, 0.045)
    total = scale * sum(nature.width for nature in natures) + gap
    x, ground = generator.uniform(0.03, 0.97 - total), generator.uniform(max(horizon + 0.16, 0.78), 0.92)
    things = []
    for member, nature in zip(order, natures, strict=True):
        width = nature.width * scale
        foot = ground + generator.uniform(-0.01, 0.01)
        things.append(Thing(member, x + width / 2, foot, width, nature.height * scale))
        x += width + gap
    return things


def _above(groups: tuple[Group, ...], horizon: float, generator: random.Random) -> list[Thing]:
    upper, lower = (NATURES[group.kind] for group in groups)
    scale = min(1.1, 0.86 / (upper.height + lower.height))
    ground = generator.uniform(0.90, 0.95)
    x = generator.uniform(0.30, 0.70)
    below = Thing(1, x, ground, lower.width * scale, lower.height * scale)
    room = below.top - 0.03 - upper.height * scale  # what is left above the upper one
    foot = upper.height * scale + max(0.015, generator.uniform(0.3, 0.9) * room)
    beside = x + generator.uniform(-0.06, 0.06)
    return [below, Thing(0, beside, min(foot, below.top - 0.025), upper.width * scale, upper.height * scale)]


def _on(groups: tuple[Group, ...], horizon: float, generator: random.Random) -> list[Thing]:
    upper, lower = (NATURES[group.kind] for group in groups)
    scale = min(1.3, 0.86 / (upper.height * 0.9 + lower.height))
    size = scale * (0.7 if groups[1].kind == "house" else 0.9)
    ground = generator.uniform(0.86, 0.94)
    x = generator.uniform(0.36, 0.64)
    below = Thing(1, x, ground, lower.width * scale, lower.height * scale)
    foot = ground - (lower.carries or 1.0) * below.height
    aside = -0.09 * below.width if groups[1].kind == "car" else 0.0
    return [below, Thing(0, x + aside, foot, upper.width * size, upper.height * size)]


def _three(groups: tuple[Group, ...], horizon: float, generator: random.Random) -> list[Thing]:
    return _row([0, 1, 2], groups, 0.03, 0.97, horizon, generator)


_PLACED: Final = {
    "alone": _alone, "left of": _left_of, "beside": _beside, "above": _above, "on": _on, "three": _three,
}  # fmt: skip


def _relations(plan: Plan, groups: tuple[Group, ...], things: list[Thing]) -> tuple[tuple[int, Relation, int], ...]:
    """Return what holds: first what the scene was laid out for, then who is left of whom."""
    found: list[tuple[int, Relation, int]] = []
    if plan in ("on", "above", "beside"):
        found.append((0, plan, 1))
    for first in range(len(groups)):
        for second in range(len(groups)):
            ends = [thing.right for thing in things if thing.group == first]
            starts = [thing.left for thing in things if thing.group == second]
            if first != second and max(ends) < min(starts):
                found.append((first, "left of", second))
    return tuple(found)


assert MOST_OBJECTS == 4  # what _counts draws
