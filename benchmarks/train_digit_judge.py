"""Trains the digit judge, the network that says what digits a scene of mnist-captions shows and where.

    OMP_NUM_THREADS=1 python benchmarks/train_digit_judge.py

draws scenes from the digits of the data set's training split, trains for some two minutes on one core and writes
`weights.safetensors` and `card.json` into t2ibench/features/digit_judge/. Nothing is held out from it: a judge that had
never seen a digit in a role would doubt it there. A change of the weights changes every number measured with them:
their SHA-256 is part of the protocol that results are compared under.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur
from tqdm import tqdm

from t2ibench.data.mnist_captions.digits import DRAWN, open_pool
from t2ibench.data.mnist_captions.make import VERSION
from t2ibench.data.mnist_captions.scenes import SLOTS, choose_bans, draw_scene, paint
from t2ibench.data.mnist_captions.statements import LAYOUTS, PLACES, layout_of
from t2ibench.features.digit_judge.network import BYTE, SceneReader, windows
from t2ibench.files import atomic_path, digest_of_file, write_json

FOLDER = Path(__file__).resolve().parents[1] / "t2ibench" / "features" / "digit_judge"
BATCH = 64
SEED = 1998
NOTHING_BANNED = (-1,) * SLOTS
NO_DIGIT = -100
"""Label of a place without a digit; the loss passes over it."""


def draw(part: str, count: int, *, split: str, held_out: bool | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Return (scenes uint8 N x 1 x 60 x 60, layouts N, digits N x 8) of a part's digits.

    Args:
        part: of the digits, "train" or "test".
        count: of scenes.
        split: keys the drawing.
        held_out: only combinations that the data set's training split holds out, or only the others; None for all.
    """
    pool = open_pool(DRAWN, part)
    bans = NOTHING_BANNED if held_out is None else choose_bans(0)
    scenes, layouts, digits = [], [], torch.full((count, len(PLACES)), NO_DIGIT)
    for index in tqdm(range(count), desc=split, leave=False):
        scene = draw_scene(pool.labels, bans, held_out=bool(held_out), seed=SEED, split=split, index=index)
        scenes.append(paint(scene, [pool.picture(one) for one in scene.digits]))
        layout = layout_of(scene.template)
        layouts.append(list(LAYOUTS).index(layout))
        for place, label in zip(LAYOUTS[layout], scene.labels, strict=True):
            digits[index, PLACES.index(place)] = label
    return torch.from_numpy(np.stack(scenes))[:, None], torch.tensor(layouts), digits


def varied(scenes: Tensor, generator: torch.Generator) -> Tensor:
    """Return float scenes in [0, 1], moved by up to 2 pixels, blurred, dimmed and noisy: as models draw them."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=generator)

    down, right = torch.randint(-2, 3, (2,), generator=generator).tolist()
    seen = functional.pad(scenes.float() / BYTE, (2, 2, 2, 2))[:, :, 2 + down : 62 + down, 2 + right : 62 + right]
    if uniform(0, 1).item() < 0.6:
        seen = gaussian_blur(seen, [9, 9], [uniform(0.3, 2.2).item()] * 2)
    seen = seen * uniform(0.4, 1.2, len(seen), 1, 1, 1) + uniform(0, 0.1, len(seen), 1, 1, 1)
    noise = torch.randn(seen.shape, generator=generator) * uniform(0, 0.1, len(seen), 1, 1, 1)
    return (seen + noise).clamp(0, 1)


def train(network: SceneReader, scenes: Tensor, layouts: Tensor, digits: Tensor, steps: int) -> None:
    """Train in place: AdamW under one cycle of the learning rate, cross-entropy of the layout and of each digit."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)
    generator = torch.Generator().manual_seed(SEED)
    began = time.monotonic()
    network.train()
    for step in range(steps):
        rows = torch.randint(len(scenes), (BATCH,), generator=generator)
        seen, labels = varied(scenes[rows], generator), digits[rows]
        layout = network.layout(functional.avg_pool2d(seen, 4).flatten(1))
        there = labels != NO_DIGIT
        answers = network.digit(windows(seen)[there])
        loss = functional.cross_entropy(layout, layouts[rows]) + functional.cross_entropy(answers, labels[there])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"step {step:5}  loss {loss.item():.3f}  {time.monotonic() - began:5.0f} s", flush=True)


@torch.no_grad()
def accuracies(
    network: SceneReader, scenes: Tensor, layouts: Tensor, digits: Tensor, *, blur: float = 0
) -> dict[str, float]:
    """Return the share of scenes whose layout is named, and of digits that are named at their place."""
    network.eval()
    seen = scenes.float() / BYTE
    seen = gaussian_blur(seen, [9, 9], [blur] * 2) if blur else seen
    parts = [network(part) for part in seen.split(128)]
    right = torch.cat([layout for layout, _ in parts]).argmax(1) == layouts
    named = torch.cat([digit for _, digit in parts]).argmax(2) == digits
    return {
        "layout": round(right.float().mean().item(), 4),
        "digit": round(named[digits != NO_DIGIT].float().mean().item(), 4),
    }


def main() -> None:
    """Draw, train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=12000)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    torch.manual_seed(SEED)
    network = SceneReader()
    print(f"{sum(one.numel() for one in network.parameters()):,} parameters")
    train(network, *draw("train", options.pictures, split="judge"), options.steps)
    state = {key: value.half().contiguous() for key, value in network.state_dict().items()}
    # What is measured is what is shipped: rounded to half precision.
    network.load_state_dict({key: value.float() for key, value in state.items()})
    test = draw("test", 2000, split="judge-test", held_out=False)
    unseen = draw("test", 2000, split="judge-held-out", held_out=True)
    found = {
        "test": accuracies(network, *test),
        "held-out": accuracies(network, *unseen),
        "test, blurred by 1.5 pixels": accuracies(network, *test, blur=1.5),
    }
    for name, shares in found.items():
        print(f"{name:30} {shares}")
    with atomic_path(FOLDER / "weights.safetensors") as temporary:
        save_file(state, temporary)
    write_json(
        FOLDER / "card.json",
        {
            "title": "The digit judge, which says what digits a scene shows and where",
            "made_by": "benchmarks/train_digit_judge.py",
            "mnist_captions_version": VERSION,
            "digits": DRAWN,
            "pictures": options.pictures,
            "steps": options.steps,
            "seed": SEED,
            "torch": torch.__version__.split("+")[0],
            "tested_on": "2000 scenes of test digits as the split test has them, and 2000 as the split held-out",
            "accuracy": found,
            "weights_sha256": digest_of_file(FOLDER / "weights.safetensors"),
        },
    )


if __name__ == "__main__":
    main()
