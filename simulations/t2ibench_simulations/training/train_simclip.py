"""Trains SimCLIP, which reads images and captions of simulated birds into one space, as CLIP does for photographs.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_simclip.py

draws birds, trains for half an hour on one core and writes `weights.safetensors` and `card.json` into
networks/simclip/. It shares no weight, no seed and no image with the other judges, and sees no bird of a
test species. A change of the weights changes every number measured with them: their SHA-256 is part of a result's
identity.
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
from t2ibench.text.tokenizer import tokenize
from t2ibench_simulations.networks.simclip.network import SIDE, CLIPNetwork, tokens_of
from t2ibench_simulations.simbirds.appearance import Appearance, appearance_for
from t2ibench_simulations.simbirds.attributes import BILL_COLOURS, LEG_COLOURS
from t2ibench_simulations.simbirds.captions import captions_for
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.make import VERSION
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.simbirds.statements import STATEMENTS, statements_in, true_statements
from t2ibench_simulations.training.judge_file import rounded, write_judge
from t2ibench_simulations.training.train_simnet import BASE, moved, random_bird, stack

FOLDER = Path(__file__).resolve().parents[1] / "t2ibench" / "features" / "simclip"
BATCH = 160
SEED = 7919
TRAINING_SEED = 600_000_000
HELD_OUT_SEED = 99_000_000
LARGEST_SCALE = 100.0

Row = tuple[NDArray[np.uint8], list[str], frozenset[tuple[str, str]]]
"""An image 76 x 76 x 3, its ten captions, and all that is true of the bird."""


def draw_training(seed: int) -> Row:
    """Return a bird of a training species or of random attributes; bill and legs have their own colours in half."""
    generator = random.Random(seed)
    bird = random_bird(generator)
    if generator.random() < 0.5:
        bird = replace(bird, bill=generator.choice(BILL_COLOURS), legs=generator.choice(LEG_COLOURS))
    return _drawn(appearance_for(bird, seed))


def draw_held_out(seed: int) -> Row:
    """Return a bird of a test species, which training never shows."""
    test = [species for species in all_species() if species.split == "test"]
    return _drawn(appearance_for(test[seed % len(test)].attributes, seed))


def _drawn(appearance: Appearance) -> Row:
    drawing = draw_bird(appearance, 96)
    image = np.asarray(central_square(base_image(drawing.image, drawing.box, SIDE), BASE))
    return image, captions_for(appearance), true_statements(appearance.attributes)


def marks_of(statements: list[frozenset[tuple[str, str]]]) -> Tensor:
    """Return float32 N x statements: 1 for what each set holds."""
    place = {statement: at for at, statement in enumerate(STATEMENTS)}
    marks = torch.zeros(len(statements), len(STATEMENTS))
    for row, some in enumerate(statements):
        marks[row, [place[one] for one in some]] = 1
    return marks


def contrast(images: Tensor, sentences: Tensor, scale: Tensor, also_true: Tensor) -> Tensor:
    """Return CLIP's symmetric cross-entropy over a batch's pairs.

    Differs from CLIP: a caption that is true of another image of the batch is not held against it, since the birds'
    attributes are known.

    Args:
        images: codes N x D.
        sentences: codes N x D.
        scale: what cosines are multiplied by.
        also_true: bool N x N, whether caption j is true of image i.
    """
    logits = scale * functional.normalize(images, dim=1) @ functional.normalize(sentences, dim=1).T
    own = torch.arange(len(logits))
    passed_over = also_true.clone()
    passed_over[own, own] = False
    logits = logits.masked_fill(passed_over, -torch.inf)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


def train(network: CLIPNetwork, rows: list[Row], words: tuple[str, ...], steps: int) -> None:
    """Train in place: AdamW under one cycle of the learning rate; each step draws one caption of every image."""
    generator = torch.Generator().manual_seed(SEED)
    images, true = stack([row[0] for row in rows]), marks_of([row[2] for row in rows])
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2.5e-3, total_steps=steps)
    began = time.monotonic()
    network.train()
    order: Iterator[Tensor] = iter(())
    for step in range(steps):
        chosen = next(order, None)
        if chosen is None:
            order = iter(torch.randperm(len(rows), generator=generator).split(BATCH)[:-1])
            chosen = next(order)
        seen, _ = moved(images[chosen], generator)
        which = torch.randint(10, (len(chosen),), generator=generator)
        said = [rows[row][1][caption] for row, caption in zip(chosen.tolist(), which.tolist(), strict=True)]
        stated = marks_of([statements_in(sentence) for sentence in said])
        also_true = (1 - true[chosen]) @ stated.T == 0
        tokens, lengths = tokens_of(said, words)
        scale = network.log_scale.exp().clamp(max=LARGEST_SCALE)
        codes = network.images(seen.contiguous(memory_format=torch.channels_last))
        loss = contrast(codes, network.sentences(tokens, lengths), scale, also_true)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(
                f"step {step:5}  loss {loss.item():.3f}  scale {scale.item():.1f}  {time.monotonic() - began:5.0f} s",
                flush=True,
            )


@torch.no_grad()
def first_of_a_hundred(network: CLIPNetwork, rows: list[Row], words: tuple[str, ...]) -> float:
    """Return the share of held-out images whose own caption ranks first among it and 99 of other species."""
    network.eval()
    edge = (BASE - SIDE) // 2
    seen = stack([row[0] for row in rows])[:, :, edge : edge + SIDE, edge : edge + SIDE].float() / 127.5 - 1
    images = torch.cat([network.images(part) for part in seen.split(128)])
    sentences = network.sentences(*tokens_of([row[1][0] for row in rows], words))
    cosines = functional.normalize(images, dim=1) @ functional.normalize(sentences, dim=1).T
    generator = torch.Generator().manual_seed(SEED)
    species = torch.arange(len(rows)) % 50
    hits = 0
    for row in range(len(rows)):
        others = torch.nonzero(species != species[row])[:, 0]
        others = others[torch.randperm(len(others), generator=generator)[:99]]
        hits += bool((cosines[row, others] < cosines[row, row]).all())
    return round(hits / len(rows), 3)


def main() -> None:
    """Draw, train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=16000)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    with ProcessPoolExecutor(options.processes) as pool:
        seeds = range(TRAINING_SEED, TRAINING_SEED + options.images)
        drawn = list(tqdm(pool.map(draw_training, seeds, chunksize=64), total=len(seeds), desc="birds"))
        held = list(pool.map(draw_held_out, range(HELD_OUT_SEED, HELD_OUT_SEED + 1000), chunksize=64))
    words = tuple(sorted({word for _, captions, _ in drawn for caption in captions for word in tokenize(caption)}))
    torch.manual_seed(SEED)
    network = CLIPNetwork(len(words) + 1)
    network.images.to(memory_format=torch.channels_last)
    print(f"{sum(one.numel() for one in network.parameters()):,} parameters, {len(words)} words")
    train(network, drawn, words, options.steps)
    state = rounded(network)
    share = first_of_a_hundred(network, held, words)
    print(f"own caption first of 100: {share:.1%} of 1000 images of test species (chance 1 %)")
    write_judge(
        FOLDER,
        state,
        {
            "title": "SimCLIP, which reads images and captions of simulated birds into one space",
            "made_by": "simulations/t2ibench_simulations/training/train_simclip.py",
            "simbirds_version": VERSION,
            "images": options.images,
            "steps": options.steps,
            "seed": SEED,
            "held_out": "1000 images of the 50 test species, which training never shows",
            "own_caption_first_of_100": share,
        },
        {"words": " ".join(words)},
    )


if __name__ == "__main__":
    main()
