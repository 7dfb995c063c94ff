"""Trains SimNet, the feature extractor for simulated birds, on birds it draws itself.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_simnet.py

writes `weights.safetensors` and `card.json` into networks/simnet/. A change of the weights changes every
number measured with them: their SHA-256 is part of the protocol that results are compared under.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from t2ibench.data.batches.transforms import base_image, central_square
from t2ibench_simulations.networks.simnet.network import SimNetwork
from t2ibench_simulations.networks.simnet.words import HEADS, SIDE
from t2ibench_simulations.simbirds.appearance import Appearance, appearance_for
from t2ibench_simulations.simbirds.attributes import COLOURS, PARTS, PLUMAGE, WORDS, Attributes
from t2ibench_simulations.simbirds.drawing import draw_bird, draw_place
from t2ibench_simulations.simbirds.make import VERSION
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.training.judge_file import drawn, parser_of, shuffled, train, write_judge

BASE = 76
BATCH = 96
NO_BIRD_SHARE = 0.2
SEED = 2011
HELD_OUT_SEED = 77_000_000
CHOICES = {name: words for name, words in WORDS.items() if name not in PARTS}


def random_bird(generator: random.Random) -> Attributes:
    """Return a training species as it is, one with its colours exchanged for others, or a bird of random attributes."""
    species = generator.choice([one for one in all_species() if one.split == "train"])
    kind = generator.random()
    if kind < 0.3:
        return species.attributes
    if kind < 0.75:
        exchange = dict(zip(COLOURS, generator.sample(COLOURS, len(COLOURS)), strict=True))
        plumage: dict[str, Any] = {part: exchange[species.attributes.colour(part)] for part in PLUMAGE}
        return replace(species.attributes, **plumage)
    drawn: dict[str, Any] = {name: generator.choice(words) for name, words in CHOICES.items()}
    drawn |= {part.name: generator.choice(COLOURS) for part in fields(Attributes) if part.name not in drawn}
    return replace(
        species.attributes, **(drawn | {name: getattr(species.attributes, name) for name in ("bill", "legs")})
    )


def labels_of(appearance: Appearance) -> list[int]:
    """Return the class of every head but "bird", in the order of HEADS."""
    words = appearance.attributes.as_dict() | {"perch": appearance.pose.perch, "facing": appearance.pose.facing}
    return [known.index(words[name]) for name, known in HEADS.items() if name != "bird"]


def training_bird(seed: int) -> Appearance:
    """Return one bird as training shows them."""
    return appearance_for(random_bird(random.Random(seed)), seed)


def row_of(appearance: Appearance) -> tuple[NDArray[np.uint8], list[int]]:
    """Return the image of a bird, cut as the data pipeline cuts images, 76 x 76, and its labels."""
    return image_of(appearance), labels_of(appearance)


def place_of(appearance: Appearance) -> NDArray[np.uint8]:
    """Return the image of a bird's place without the bird, 76 x 76."""
    return np.asarray(central_square(base_image(draw_place(appearance, 96), None, SIDE), BASE))


def held_out(seed: int) -> Appearance:
    """Return a bird of a test species."""
    test = [species for species in all_species() if species.split == "test"]
    return appearance_for(test[seed % len(test)].attributes, seed)


def image_of(appearance: Appearance) -> NDArray[np.uint8]:
    """Return the bird's image, 76 x 76 x 3, cut as the data pipeline cuts it."""
    drawing = draw_bird(appearance, 96)
    return np.asarray(central_square(base_image(drawing.image, drawing.box, SIDE), BASE))


def stack(rows: list[NDArray[np.uint8]]) -> Tensor:
    """Return uint8 images N x 3 x 76 x 76."""
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).contiguous()


def together(rows: list[tuple[NDArray[np.uint8], list[int]]]) -> tuple[Tensor, Tensor]:
    """Return (images N x 3 x 76 x 76, labels N x heads)."""
    return stack([image for image, _ in rows]), torch.tensor([labels for _, labels in rows])


def central(images: Tensor) -> Tensor:
    """Return the middle of uint8 images of any size, N x 3 x 64 x 64 in [-1, 1]."""
    edge = (images.shape[-1] - SIDE) // 2
    return images[:, :, edge : edge + SIDE, edge : edge + SIDE].float() / 127.5 - 1


def distractors(birds: Tensor, places: Tensor, generator: torch.Generator) -> Tensor:
    """Return as many images without a bird as there are `birds` (N x 3 x 64 x 64 in [-1, 1]).

    In turn: noise, blurred noise, one flat colour, a bird cut into patches and shuffled, an empty place.
    """
    made = []
    for place, bird in enumerate(birds):
        noise = torch.rand(bird.shape, generator=generator) * 2 - 1
        match place % 5:
            case 0:
                made.append(noise)
            case 1:
                cells = int(torch.randint(2, 20, (1,), generator=generator))
                coarse = (noise[None, :, :cells, :cells] * 1.2).clamp(-1, 1)
                made.append(functional.interpolate(coarse, size=(SIDE, SIDE), mode="bilinear")[0])
            case 2:
                made.append((noise[:, :1, :1] + 0.05 * noise).clamp(-1, 1))
            case 3:
                order = torch.randperm(16, generator=generator)
                patches = functional.unfold(bird[None], 16, stride=16)[:, :, order]
                made.append(functional.fold(patches, (SIDE, SIDE), 16, stride=16)[0])
            case _:
                made.append(places[place])
    return torch.stack(made)


def moved(pixels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return (images N x 3 x 64 x 64 in [-1, 1], flips): cut, scaled and flipped at random, some blurred or noisy."""
    count = len(pixels)
    images = pixels.float() / 127.5 - 1
    scale = (SIDE / BASE) * (0.94 + 0.16 * torch.rand(count, generator=generator))
    room = (1 - scale).clamp(min=0)
    shift = (torch.rand(count, 2, generator=generator) * 2 - 1) * room[:, None]
    flip = torch.rand(count, generator=generator) < 0.5
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0] = torch.where(flip, -scale, scale)
    affine[:, 1, 1] = scale
    affine[:, :, 2] = shift
    grid = functional.affine_grid(affine, [count, 3, SIDE, SIDE], align_corners=False)
    images = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    bright = 1 + 0.06 * (torch.rand(count, 1, 1, 1, generator=generator) * 2 - 1)
    images = images * bright
    tenth = count // 10
    images[:tenth] = functional.avg_pool2d(functional.pad(images[:tenth], (1, 1, 1, 1), "replicate"), 3, 1)
    noise = torch.randn(images[tenth : 3 * tenth].shape, generator=generator)
    images[tenth : 3 * tenth] += 0.08 * torch.rand(2 * tenth, 1, 1, 1, generator=generator) * noise
    return images.clamp(-1, 1), flip


def batches(images: Tensor, labels: Tensor, places: Tensor, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield (images, labels, whether it is a bird) without end."""
    generator = torch.Generator().manual_seed(seed)
    facing = [name for name in HEADS if name != "bird"].index("facing")
    others = round(BATCH * NO_BIRD_SHARE)
    for rows in shuffled(len(images), BATCH, generator):
        seen, flip = moved(images[rows], generator)
        truth = labels[rows].clone()
        truth[:, facing] ^= flip.long()
        empty, _ = moved(places[torch.randint(len(places), (others,), generator=generator)], generator)
        seen[-others:] = distractors(seen[-others:], empty, generator)
        is_bird = torch.ones(BATCH, dtype=torch.bool)
        is_bird[-others:] = False
        yield seen, truth, is_bird


def loss_of(network: SimNetwork, images: Tensor, labels: Tensor, is_bird: Tensor) -> Tensor:
    """Return the mean cross-entropy of all heads; what is no bird should be called nothing in particular."""
    answers = network.name(network(images))
    loss = functional.cross_entropy(answers["bird"], is_bird.long())
    named = [name for name in HEADS if name != "bird"]
    for column, name in enumerate(named):
        loss = loss + functional.cross_entropy(answers[name][is_bird], labels[is_bird, column], label_smoothing=0.02)
        loss = loss - 0.1 * functional.log_softmax(answers[name][~is_bird], dim=1).mean()
    return loss / len(HEADS)


@torch.no_grad()
def accuracies(network: SimNetwork, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Return head -> share of right answers on central crops."""
    network.eval()
    answers = network.name(torch.cat([network(part) for part in central(images).split(128)]))
    named = [name for name in HEADS if name != "bird"]
    shares = {name: (answers[name].argmax(1) == labels[:, at]).float().mean().item() for at, name in enumerate(named)}
    shares["bird"] = answers["bird"].argmax(1).float().mean().item()
    return {name: round(share, 3) for name, share in shares.items()}


def main() -> None:
    """Draw, train, measure, write."""
    options = parser_of(__doc__, images=9000, steps=1500).parse_args()
    images, labels = together(drawn(range(options.images), options.processes, training_bird, row_of))
    held = drawn(range(HELD_OUT_SEED, HELD_OUT_SEED + 1000), options.processes, held_out, row_of)
    places = stack(drawn(range(500), options.processes, training_bird, place_of))
    torch.manual_seed(SEED)
    network = SimNetwork()
    losses = (loss_of(network, *batch) for batch in batches(images, labels, places, SEED))
    train(network, losses, options.steps, rate=4e-3, decay=1e-2)
    write_judge(
        "simnet",
        network,
        options,
        lambda: {"accuracy": accuracies(network, *together(held))},
        title="SimNet, a small feature extractor for simulated birds",
        simbirds_version=VERSION,
        seed=SEED,
        precision=torch.float32,
        held_out="1000 images of the 50 test species, which training never shows",
    )


if __name__ == "__main__":
    main()
