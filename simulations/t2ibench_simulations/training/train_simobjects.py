"""Trains SimObjects, the network that says what an image of a simulated scene shows.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_simobjects.py

draws scenes, trains for some twelve minutes on one core and writes `weights.safetensors` and `card.json` into
networks/simobjects/. Half of the scenes are laid out as the data set lays them out, in other colours; the
other half have any kinds, in any number, anywhere, one upon another: what a model may draw and the data set never does.
Nothing is held out from it: a judge that had never seen a green cat would doubt it. A change of the weights changes
every number measured with them: their SHA-256 is part of the protocol that results are compared under.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from t2ibench.data.batches.transforms import base_image
from t2ibench_simulations.networks.simobjects import named
from t2ibench_simulations.networks.simobjects.network import CELLS, SIDE, Answers, ObjectNetwork
from t2ibench_simulations.simscenes.drawing import draw_scene
from t2ibench_simulations.simscenes.make import VERSION
from t2ibench_simulations.simscenes.positions import Span, relations_among
from t2ibench_simulations.simscenes.scene import HORIZONS, Group, Scene, Thing, scene_of
from t2ibench_simulations.simscenes.vocabulary import (
    COLOURS,
    KINDS,
    MOST_OBJECTS,
    NATURES,
    PLACES,
    Kind,
    Place,
    Relation,
)
from t2ibench_simulations.training.judge_file import drawn, parser_of, shuffled, train, write_judge

BATCH = 64
SEED = 6059
TRAINING_SEED = 600_000_000
HELD_OUT_SEED = 99_000_000
DRAWN_SIDE = 96
MOST_THINGS = 12
SPOT = 0.6
"""How wide the spot at an object's middle is, in cells."""
ABSENT = -100
"""Label of what is not there, as the colour of no cat; the loss passes over it."""


class Example(NamedTuple):
    """An image, uint8 64 x 64 x 3; (kind, colour, left, top, right, bottom) of every object; its place."""

    image: NDArray[np.uint8]
    things: list[tuple[float, ...]]
    place: int


class Truth(NamedTuple):
    """What N images show: counts N x kinds, and the rest as in `Answers`."""

    counts: Tensor
    colours: Tensor
    ends: Tensor
    places: Tensor
    spots: Tensor


def training_scene(seed: int) -> Scene:
    """Return a scene as training shows them: as the data set's but in any colours, or things strewn about."""
    generator = random.Random(seed)
    if generator.random() < 0.5:
        return recoloured(scene_of(generator.randrange(10_000_000), TRAINING_SEED), generator)
    return free_scene(generator, seed)


def as_data_set(seed: int) -> Scene:
    """Return a scene as the data set has them, of a seed of its own."""
    return scene_of(seed, HELD_OUT_SEED)


def strewn_about(seed: int) -> Scene:
    """Return a scene of things strewn about, of a seed of its own."""
    return free_scene(random.Random(seed), seed)


def recoloured(scene: Scene, generator: random.Random) -> Scene:
    """Return the scene in any colours, at any place."""
    groups = tuple(replace(group, colour=generator.choice(COLOURS)) for group in scene.groups)
    return replace(scene, groups=groups, place=generator.choice(PLACES))


def free_scene(generator: random.Random, seed: int) -> Scene:
    """Return a scene of up to three kinds, strewn about, or of two of which one is on or above the other."""
    place = generator.choice(PLACES)
    if generator.random() < 0.25:
        kinds: list[Kind] = generator.sample(KINDS, 2)
        counts, (things, relations) = [1, 1], stacked(kinds, generator)
    else:
        kinds = generator.sample(KINDS, generator.choice((0, 1, 1, 2, 2, 2, 3, 3)))
        counts, things = strewn(kinds, place, generator)
        relations = ()
    colours = [generator.choice(COLOURS) for _ in kinds]
    groups = tuple(Group(*one) for one in zip(kinds, colours, counts, strict=True))
    return Scene(0, place, groups, tuple(things), relations, seed)


def stacked(kinds: list[Kind], generator: random.Random) -> tuple[list[Thing], tuple[tuple[int, Relation, int], ...]]:
    """Return the first of two kinds on or above the second, whatever they are, and the relation if it is "on"."""
    upper, lower = (NATURES[kind] for kind in kinds)
    scale = min(1.3, 0.9 / (upper.height + lower.height)) * generator.uniform(0.6, 1.0)
    ground = generator.uniform(0.75, 0.97)
    below = Thing(1, generator.uniform(0.25, 0.75), ground, lower.width * scale, lower.height * scale)
    carried = generator.random() < 0.5
    if carried:
        foot = ground - (lower.carries or 1.0) * below.height
    else:
        foot = below.top - generator.uniform(0.015, max(0.02, below.top - upper.height * scale - 0.01))
    x = below.x + generator.uniform(-0.4, 0.4) * below.width
    things = [below, Thing(0, x, foot, upper.width * scale, upper.height * scale)]
    return things, ((0, "on", 1),) if carried else ()


def strewn(kinds: list[Kind], place: Place, generator: random.Random) -> tuple[list[int], list[Thing]]:
    """Return how many there are of each kind, and the things, hardly covering each other; any may be in the air."""
    things: list[Thing] = []
    counts = []
    size = generator.uniform(0.5, 1.0) / (1 + 0.25 * max(0, len(kinds) - 1))
    for member, kind in enumerate(kinds):
        nature, count = NATURES[kind], 0
        wanted = generator.choice((1, 1, 2, 3, 4))
        for _ in range(60):
            own = max(0.34, size * generator.uniform(0.85, 1.1) / (1 + 0.12 * (wanted - 1)))
            width, height = nature.width * own, nature.height * own
            low = height + 0.02 if nature.flies or generator.random() < 0.15 else max(height, HORIZONS[place] + 0.05)
            x, foot = generator.uniform(width / 2, 1 - width / 2), generator.uniform(min(low, 0.9), 0.97)
            thing = Thing(member, x, foot, width, height)
            if count < wanted and all(_apart(thing, other) for other in things):
                things.append(thing)
                count += 1
        counts.append(max(1, count))
        if not count:  # no room: it lies over the others
            things.append(Thing(member, 0.5, 0.95, nature.width * size, nature.height * size))
    return counts, sorted(things, key=lambda thing: thing.y)


def _apart(one: Thing, other: Thing) -> bool:
    wide = min(one.right, other.right) - max(one.left, other.left)
    high = min(one.y, other.y) - max(one.top, other.top)
    covered = max(0.0, wide) * max(0.0, high)
    return covered < 0.1 * min(one.width * one.height, other.width * other.height)


def example_of(scene: Scene) -> Example:
    """Return a scene's image, cut as the data pipeline cuts it, and its truth; what is out of sight is left out."""
    drawn, seen = draw_scene(scene, DRAWN_SIDE)
    image = np.asarray(base_image(drawn, None, SIDE, whole=True))
    things: list[tuple[float, ...]] = []
    for thing, one in zip(scene.things, seen, strict=True):
        group = scene.groups[thing.group]
        left, top, width, height = (value / DRAWN_SIDE for value in one.box)
        words = (float(KINDS.index(group.kind)), float(COLOURS.index(group.colour)))
        things.append((*words, left, top, left + width, top + height))
    return Example(image, things, PLACES.index(scene.place))


def stack(examples: list[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Return (images uint8 N x 3 x 64 x 64, things N x 12 x 6 with kind -1 for none, places N)."""
    images = torch.from_numpy(np.stack([one.image for one in examples])).permute(0, 3, 1, 2).contiguous()
    things = torch.full((len(examples), MOST_THINGS, 6), -1.0)
    for row, one in enumerate(examples):
        things[row, : len(one.things)] = torch.tensor(one.things[:MOST_THINGS]).reshape(-1, 6)
    return images, things, torch.tensor([one.place for one in examples])


def truth_of(things: Tensor, places: Tensor) -> Truth:
    """Return the labels of N images; see `stack`."""
    mine = things[:, :, 0, None] == torch.arange(len(KINDS))  # N x things x kinds
    counts = mine.sum(dim=1).clamp(max=MOST_OBJECTS)
    colours = torch.where(mine, things[:, :, 1, None], ABSENT).amax(dim=1).long()
    low = torch.where(mine[..., None], things[:, :, None, 2:4], 2.0).amin(dim=1)  # N x kinds x 2
    high = torch.where(mine[..., None], things[:, :, None, 4:6], -1.0).amax(dim=1)
    middles = (things[:, :, 2:4] + things[:, :, 4:6]) / 2 * CELLS - 0.5  # 0 is the middle of the first cell
    cells = torch.arange(CELLS, dtype=torch.float32)
    across, down = ((cells - middles[..., axis, None]) ** 2 for axis in (0, 1))  # N x things x cells
    near = torch.exp(-(down[..., :, None] + across[..., None, :]) / (2 * SPOT**2))  # N x things x cells x cells
    spots = (near[:, :, None] * mine[..., None, None]).amax(dim=1)  # N x kinds x cells x cells
    return Truth(counts, colours, torch.cat([low, high], dim=2), places, spots)


def varied(images: Tensor, things: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return (images N x 3 x 64 x 64 in [-1, 1], things): moved, scaled, mirrored, some blurred or noisy."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=generator)

    count = len(images)
    scale, shift = uniform(0.95, 1.1, count), uniform(-0.06, 0.06, count, 2)
    turn = torch.where(uniform(0, 1, count) < 0.5, -1.0, 1.0)
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1], affine[:, :, 2] = scale * turn, scale, shift
    grid = functional.affine_grid(affine, [count, 3, SIDE, SIDE], align_corners=False)
    seen = functional.grid_sample(images.float() / 127.5 - 1, grid, padding_mode="border", align_corners=False)
    # A pixel at x of the new image comes from scale * turn * x + shift of the old one; both run from -1 to 1.
    old = things[:, :, 2:] * 2 - 1
    across = (old[:, :, 0::2] - shift[:, None, None, 0]) / (scale * turn)[:, None, None]
    down = (old[:, :, 1::2] - shift[:, None, None, 1]) / scale[:, None, None]
    ends = torch.stack([across.amin(2), down.amin(2), across.amax(2), down.amax(2)], dim=2)
    moved = torch.cat([things[:, :, :2], ((ends + 1) / 2).clamp(0, 1)], dim=2)
    seen = seen * uniform(0.92, 1.06, count, 1, 1, 1) + uniform(-0.04, 0.04, count, 3, 1, 1)
    sixth = count // 6
    soft = functional.avg_pool2d(functional.pad(seen[: 2 * sixth], (1, 1, 1, 1), "replicate"), 3, 1)
    seen[: 2 * sixth] = torch.lerp(seen[: 2 * sixth], soft, uniform(0, 1, 2 * sixth, 1, 1, 1))
    noise = torch.randn(seen[sixth : 3 * sixth].shape, generator=generator)
    seen[sixth : 3 * sixth] += uniform(0, 0.15, 2 * sixth, 1, 1, 1) * noise
    return seen.clamp(-1, 1), moved


def batches(images: Tensor, things: Tensor, places: Tensor) -> Iterator[tuple[Tensor, Truth]]:
    """Yield (images N x 3 x 64 x 64 in [-1, 1], labels) without end; two of each batch are noise and show nothing."""
    generator = torch.Generator().manual_seed(SEED)
    for rows in shuffled(len(images), BATCH, generator):
        seen, moved = varied(images[rows], things[rows], generator)
        cells = int(torch.randint(4, SIDE, (1,), generator=generator))
        coarse = torch.rand(1, 3, cells, cells, generator=generator) * 2 - 1
        seen[-1:] = functional.interpolate(coarse, size=(SIDE, SIDE), mode="bilinear")
        seen[-2] = torch.rand(seen[-2].shape, generator=generator) * 2 - 1
        moved[-2:, :, 0] = -1
        yield seen, truth_of(moved, places[rows])


def loss_of(answers: Answers, truth: Truth) -> Tensor:
    """Return the sum of cross-entropies, and of how far off the ends are."""
    there = truth.counts > 0
    present = functional.binary_cross_entropy_with_logits(answers.present, there.float(), reduction="sum")
    spots = functional.binary_cross_entropy_with_logits(answers.spots, truth.spots, reduction="sum")
    return (
        present / len(there)
        + functional.cross_entropy(answers.colours[there], truth.colours[there], label_smoothing=0.02)
        + 20 * functional.l1_loss(answers.ends[there], truth.ends[there])
        + 0.5 * functional.cross_entropy(answers.places, truth.places, label_smoothing=0.02)
        + 0.2 * spots / len(there)
    )


@torch.no_grad()
def accuracies(network: ObjectNetwork, images: Tensor, things: Tensor, places: Tensor) -> dict[str, float]:
    """Return head -> share of right answers: of the kinds that are there, where nothing else is said.

    Relations are all that hold by `relations_among`, of true places and of those that the network names.
    """
    network.eval()
    parts = [network(part.float() / 127.5 - 1) for part in images.split(128)]
    answers = Answers(*(torch.cat(one) for one in zip(*parts, strict=True)))
    truth = truth_of(things, places)
    there, counts, found = truth.counts > 0, answers.counts(), answers.present > 0
    said = [relations_among(one.spans) for one in named(answers)]
    true = [
        relations_among({kind: Span(*ends[at]) for at, kind in enumerate(KINDS) if shown[at]})
        for shown, ends in zip(there.tolist(), truth.ends.tolist(), strict=True)
    ]
    both = sum(len(one & other) for one, other in zip(said, true, strict=True))
    shares = {
        "kind found": found[there],
        "kind invented, of those not there": found[~there],
        "count": (counts == truth.counts)[there],
        "count of two or more": (counts == truth.counts)[truth.counts > 1],
        "colour": (answers.colours.argmax(2) == truth.colours)[there],
        "place": answers.places.argmax(1) == truth.places,
    }
    return {name: round(right.float().mean().item(), 3) for name, right in shares.items()} | {
        "relation found": round(both / sum(map(len, true)), 3),
        "relation invented, of those named": round(1 - both / sum(map(len, said)), 3),
        "ends off by, in pixels": round(SIDE * (answers.ends - truth.ends)[there].abs().mean().item(), 2),
    }


def main() -> None:
    """Draw, train, measure, write."""
    options = parser_of(__doc__, images=14000, steps=2200).parse_args()
    scenes = drawn(range(TRAINING_SEED, TRAINING_SEED + options.images), options.processes, training_scene, example_of)
    tested = {
        "as the data set": drawn(range(1000), options.processes, as_data_set, example_of),
        "free": drawn(range(HELD_OUT_SEED, HELD_OUT_SEED + 1000), options.processes, strewn_about, example_of),
    }
    torch.manual_seed(SEED)
    network = ObjectNetwork().to(memory_format=torch.channels_last)
    source = batches(*stack(scenes))
    losses = (loss_of(network(seen.contiguous(memory_format=torch.channels_last)), truth) for seen, truth in source)
    train(network, losses, options.steps, rate=4e-3, decay=2e-2, clip=5.0)
    write_judge(
        "simobjects",
        network,
        options,
        lambda: {"accuracy": {name: accuracies(network, *stack(examples)) for name, examples in tested.items()}},
        title="SimObjects, which says what a simulated scene shows",
        simscenes_version=VERSION,
        seed=SEED,
        held_out="1000 scenes a row that training never shows",
    )


if __name__ == "__main__":
    main()
