"""Trains SimParts, the network that finds the parts of a simulated bird, on the masks that come with drawn birds.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_simparts.py

draws birds, trains for some three minutes on one core and writes `weights.safetensors` and `card.json` into
networks/simparts/.
"""

from __future__ import annotations

import argparse
import random
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from t2ibench.data.batches.transforms import base_image, central_square
from t2ibench_simulations.networks.simparts.network import SIDE, PartNetwork
from t2ibench_simulations.simbirds.appearance import Appearance, appearance_for
from t2ibench_simulations.simbirds.attributes import PARTS
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.make import VERSION
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.training.judge_file import rounded, write_judge
from t2ibench_simulations.training.train_simnet import BASE, random_bird, stack

FOLDER = Path(__file__).resolve().parents[1] / "networks" / "simparts"
BATCH = 32
SEED = 6007
TRAINING_SEED = 600_000_000
HELD_OUT_SEED = 66_000_000


def draw_training(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return one bird's image and map of parts, cut as the data pipeline cuts images, 76 x 76."""
    return drawn(appearance_for(random_bird(random.Random(seed)), seed))


def draw_held_out(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the image and map of a bird of a test species, which training never shows."""
    test = [species for species in all_species() if species.split == "test"]
    return drawn(appearance_for(test[seed % len(test)].attributes, seed))


def drawn(appearance: Appearance) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return an appearance's image, 76 x 76 x 3, and its map of parts, 76 x 76: what covers most of each pixel."""
    drawing = draw_bird(appearance, 96)
    numbers = np.asarray(drawing.parts)

    def cut(image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(central_square(base_image(image, drawing.box, SIDE), BASE))

    layers = [cut(Image.fromarray(np.where(numbers == k, 255, 0).astype(np.uint8))) for k in range(len(PARTS) + 1)]
    return cut(drawing.image), np.stack(layers).argmax(axis=0).astype(np.uint8)


def train(network: PartNetwork, images: Tensor, maps: Tensor, steps: int) -> None:
    """Train in place: AdamW under one cycle of the learning rate, cross-entropy of pixels, rare parts weighing more."""
    generator = torch.Generator().manual_seed(SEED)
    share = torch.bincount(maps.flatten().long(), minlength=len(PARTS) + 1) / maps.numel()
    weight = share.clamp(min=1e-4) ** -0.5
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=6e-3, total_steps=steps)
    began = time.monotonic()
    network.train()
    for step in range(steps):
        rows = torch.randint(len(images), (BATCH,), generator=generator)
        top, left = (int(one) for one in torch.randint(BASE - SIDE + 1, (2,), generator=generator))
        seen = images[rows, :, top : top + SIDE, left : left + SIDE].float() / 127.5 - 1
        wanted = maps[rows, top : top + SIDE, left : left + SIDE].long()
        if step % 2:
            seen, wanted = seen.flip(3), wanted.flip(2)
        # Generated images are softer and noisier than drawn ones.
        soft = functional.avg_pool2d(seen, 3, stride=1, padding=1, count_include_pad=False)
        blur = torch.rand(BATCH, 1, 1, 1, generator=generator)
        seen = blur * soft + (1 - blur) * seen + 0.08 * torch.randn(seen.shape, generator=generator)
        loss = functional.cross_entropy(network(seen.contiguous(memory_format=torch.channels_last)), wanted, weight)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"step {step:5}  loss {loss.item():.3f}  {time.monotonic() - began:5.0f} s", flush=True)


@torch.no_grad()
def overlaps(network: PartNetwork, images: Tensor, maps: Tensor) -> dict[str, float]:
    """Return part -> intersection over union of what is found and what was drawn, over all images' central crops."""
    network.eval()
    edge = (BASE - SIDE) // 2
    inner = slice(edge, edge + SIDE)
    found = torch.cat([network(part[:, :, inner, inner].float() / 127.5 - 1).argmax(1) for part in images.split(100)])
    true = maps[:, inner, inner]
    shares: dict[str, float] = {}
    for number, part in enumerate(PARTS, start=1):
        both, either = (found == number) & (true == number), (found == number) | (true == number)
        shares[part] = round((both.sum() / either.sum()).item(), 3)
    return shares


def main() -> None:
    """Draw, train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.processes) as pool:
        seeds = range(TRAINING_SEED, TRAINING_SEED + options.images)
        shown = list(pool.map(draw_training, seeds, chunksize=64))
        held = list(pool.map(draw_held_out, range(HELD_OUT_SEED, HELD_OUT_SEED + 400), chunksize=64))
    torch.manual_seed(SEED)
    network = PartNetwork().to(memory_format=torch.channels_last)
    print(f"{sum(one.numel() for one in network.parameters()):,} parameters")
    train(
        network, stack([row for row, _ in shown]), torch.from_numpy(np.stack([row for _, row in shown])), options.steps
    )
    state = rounded(network)
    shares = overlaps(network, stack([row for row, _ in held]), torch.from_numpy(np.stack([row for _, row in held])))
    print(shares)
    write_judge(
        FOLDER,
        state,
        {
            "title": "SimParts, which finds the parts of a simulated bird",
            "made_by": "simulations/t2ibench_simulations/training/train_simparts.py",
            "simbirds_version": VERSION,
            "images": options.images,
            "steps": options.steps,
            "seed": SEED,
            "held_out": "400 images of the 50 test species, which training never shows",
            "overlap": shares,
        },
    )


if __name__ == "__main__":
    main()
