"""Trains SimAttributes, the network that says whether an image of a simulated bird shows what its caption states.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_simattributes.py

draws birds, trains for some six minutes on one core and writes `weights.safetensors` and `card.json` into
networks/simattributes/. It shares no weight, no seed and no image with SimNet. A change of the weights
changes every number measured with them: their SHA-256 is part of the protocol that results are compared under.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from t2ibench.data.batches.transforms import base_image, central_square
from t2ibench_simulations.networks.simattributes.network import HEADS, SIDE, AttributeNetwork
from t2ibench_simulations.simbirds.appearance import Appearance, appearance_for
from t2ibench_simulations.simbirds.attributes import BILL_COLOURS, LEG_COLOURS
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.make import VERSION
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.training.judge_file import rounded, write_judge
from t2ibench_simulations.training.train_simnet import BASE, moved, random_bird, stack

FOLDER = Path(__file__).resolve().parents[1] / "t2ibench" / "features" / "simattributes"
BATCH = 64
SEED = 4047
TRAINING_SEED = 500_000_000
HELD_OUT_SEED = 88_000_000
UNSEEN = -100
"""Label of what cannot be seen, as the legs of a flying bird; the loss passes over it."""


def labels_of(appearance: Appearance) -> list[int]:
    """Return the class of every attribute, in the order of HEADS; UNSEEN for the legs of a bird in the air."""
    words = appearance.attributes.as_dict()
    labels = [known.index(words[name]) for name, known in HEADS.items()]
    if appearance.pose.perch == "air":
        labels[list(HEADS).index("legs")] = UNSEEN
    return labels


def draw_training(seed: int) -> tuple[NDArray[np.uint8], list[int]]:
    """Return one bird's image, 76 x 76 x 3, cut as the data pipeline cuts it, and its labels.

    Bill and legs have colours of their own in half of the images, so that they cannot be guessed from the species.
    """
    generator = random.Random(seed)
    bird = random_bird(generator)
    if generator.random() < 0.5:
        bird = replace(bird, bill=generator.choice(BILL_COLOURS), legs=generator.choice(LEG_COLOURS))
    return _drawn(appearance_for(bird, seed))


def draw_held_out(seed: int) -> tuple[NDArray[np.uint8], list[int]]:
    """Return the image and labels of a bird of a test species, which training never shows."""
    test = [species for species in all_species() if species.split == "test"]
    return _drawn(appearance_for(test[seed % len(test)].attributes, seed))


def _drawn(appearance: Appearance) -> tuple[NDArray[np.uint8], list[int]]:
    drawing = draw_bird(appearance, 96)
    return np.asarray(central_square(base_image(drawing.image, drawing.box, SIDE), BASE)), labels_of(appearance)


def batches(images: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images N x 3 x 64 x 64 in [-1, 1], labels N x heads) without end; see `moved` for what is varied."""
    generator = torch.Generator().manual_seed(SEED)
    while True:
        for rows in torch.randperm(len(images), generator=generator).split(BATCH)[:-1]:
            yield moved(images[rows], generator)[0], labels[rows]


def train(network: AttributeNetwork, source: Iterator[tuple[Tensor, Tensor]], steps: int) -> None:
    """Train in place: AdamW under one cycle of the learning rate, mean cross-entropy of all attributes."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    began = time.monotonic()
    network.train()
    for step in range(steps):
        images, labels = next(source)
        answers = network(images.contiguous(memory_format=torch.channels_last))
        loss = torch.stack(
            [
                functional.cross_entropy(answers[name], labels[:, at], label_smoothing=0.02, ignore_index=UNSEEN)
                for at, name in enumerate(HEADS)
            ]
        ).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"step {step:5}  loss {loss.item():.3f}  {time.monotonic() - began:5.0f} s", flush=True)


@torch.no_grad()
def accuracies(network: AttributeNetwork, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Return attribute -> share of right answers on central crops, where it can be seen."""
    network.eval()
    edge = (BASE - SIDE) // 2
    seen = images[:, :, edge : edge + SIDE, edge : edge + SIDE].float() / 127.5 - 1
    parts = [network(part) for part in seen.split(128)]
    shares = {}
    for at, name in enumerate(HEADS):
        visible = labels[:, at] != UNSEEN
        answer = torch.cat([part[name] for part in parts]).argmax(1)
        shares[name] = round((answer == labels[:, at])[visible].float().mean().item(), 3)
    return shares


def main() -> None:
    """Draw, train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=9000)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.processes) as pool:
        seeds = range(TRAINING_SEED, TRAINING_SEED + options.images)
        drawn = list(tqdm(pool.map(draw_training, seeds, chunksize=64), total=len(seeds), desc="birds"))
        held = list(pool.map(draw_held_out, range(HELD_OUT_SEED, HELD_OUT_SEED + 1000), chunksize=64))
    images, labels = stack([row for row, _ in drawn]), torch.tensor([row for _, row in drawn])
    torch.manual_seed(SEED)
    network = AttributeNetwork().to(memory_format=torch.channels_last)
    print(f"{sum(one.numel() for one in network.parameters()):,} parameters")
    train(network, batches(images, labels), options.steps)
    state = rounded(network)
    shares = accuracies(network, stack([row for row, _ in held]), torch.tensor([row for _, row in held]))
    for name, share in shares.items():
        print(f"{name:16} {share:6.1%}  (chance {1 / len(HEADS[name]):.1%})")
    write_judge(
        FOLDER,
        state,
        {
            "title": "SimAttributes, which names what a simulated bird looks like",
            "made_by": "simulations/t2ibench_simulations/training/train_simattributes.py",
            "simbirds_version": VERSION,
            "images": options.images,
            "steps": options.steps,
            "seed": SEED,
            "held_out": "1000 images of the 50 test species, which training never shows",
            "accuracy": shares,
        },
    )


if __name__ == "__main__":
    main()
